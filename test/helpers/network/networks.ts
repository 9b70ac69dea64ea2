import { expect } from "vitest";
import { startBackend, type ComputeBackend } from "../../../src/compute/backend.js";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { disposeChunk } from "../../../src/network/batch.js";
import { goalFor } from "../../../src/network/build.js";
import {
  createEvaluator,
  type Chunk,
  type Evaluator,
  type TensorChunk,
} from "../../../src/network/evaluator.js";
import type { Goal } from "../../../src/network/goal/goal.js";
import { sumsOf } from "../../../src/network/scores.js";
import { CompiledEvaluator } from "../../../src/network/compiled/evaluator.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { TapeEvaluator } from "../../../src/network/tape/evaluator.js";
import { expectClose, randomValues } from "../compute/compare.js";

export const MEMORY = 2 ** 28;

export async function wasm(): Promise<ComputeBackend> {
  return startBackend({ backend: "wasm", threads: 1 });
}

/** What a model is trained for where every output predicts classes, one at each of its positions, and declares nothing. */
export function goalOfModel(model: tf.LayersModel): Goal {
  const targets = model.outputs.map(({ shape }) => ({
    shape: shape.slice(1, -1) as number[],
    classes: Math.max(2, shape.at(-1)!),
  }));
  const inputs = model.inputs.map(({ shape }) => ({ shape: shape.slice(1) as number[] }));
  return goalFor(model, { inputs, targets, name: "classes" }, [], { name: "the model", builtIn: true });
}

export function compiledOn(model: tf.LayersModel, heap: Heap, memory = MEMORY, goal = goalOfModel(model)) {
  return new CompiledEvaluator(model, goal, heap, memory);
}

export function tapeOf(model: tf.LayersModel, goal = goalOfModel(model)): Promise<TapeEvaluator> {
  return TapeEvaluator.create(model, goal, "reference");
}

export function evaluatorOf(model: tf.LayersModel, backend: ComputeBackend): Promise<Evaluator> {
  return createEvaluator(model, goalOfModel(model), backend);
}

/** Samples of the model's input shapes with values in (−1, 1), or codes for its Embedding, and targets that fit its goal. */
export function randomChunk(
  model: tf.LayersModel,
  rows: number,
  seed: number,
  goal = goalOfModel(model),
): TensorChunk {
  const embedding = model.layers.find((layer) => layer.getClassName() === "Embedding");
  const codes = embedding?.getConfig()["inputDim"] as number | undefined;
  const input = (value: number) => (codes === undefined ? value : Math.floor(((value + 1) / 2) * codes));
  return {
    rows,
    samples: Int32Array.from({ length: rows }, (_, i) => 3 * i + 1),
    inputs: model.inputs.map(({ shape }, i) => {
      const own = shape.slice(1) as number[];
      const values = randomValues(rows * tf.util.sizeFromShape(own), seed + 100 * i).map(input);
      return tf.tensor(values, [rows, ...own]);
    }),
    targets: goal.outputs.map(({ loss, targetShape, width }) => {
      const size = rows * tf.util.sizeFromShape([...targetShape]);
      const values =
        loss.targets === "classes"
          ? Float32Array.from({ length: size }, (_, i) => (i * 7 + seed) % width)
          : randomValues(size, seed + 7).map((value) =>
              loss.name === "sigmoidCrossEntropy" ? Number(value > 0) : value,
            );
      return { values: tf.tensor(values, [rows, ...targetShape]), weights: undefined };
    }),
  };
}

export function dispose(...chunks: Chunk[]): void {
  for (const chunk of chunks) disposeChunk(chunk);
}

/** Of a model of one output and its accuracy: Σ of the losses, and how many are right. */
export async function scoreOf(
  evaluator: Evaluator,
  chunk: Chunk,
): Promise<{ loss: number; correct: number }> {
  const sums = new Float32Array(sumsOf(evaluator.goal));
  await evaluator.score(chunk, sums);
  return { loss: sums[0]!, correct: sums[1]! };
}

/** θ with entries in (−½, ½). */
export function randomTheta(dimension: number, seed: number): Float32Array {
  return randomValues(dimension, seed).map((value) => value / 2);
}

/** Expects the same losses, gradients and scores of the own kernels as of TensorFlow.js's tape. */
export async function expectAgreement(
  backend: ComputeBackend,
  model: tf.LayersModel,
  rows: number,
  seed: number,
  tolerance = 1e-5,
  goal = goalOfModel(model),
): Promise<void> {
  const heap = compiledOn(model, backend.heap!, MEMORY, goal);
  const tape = await tapeOf(model, goal);
  const theta = randomTheta(heap.layout.dimension, seed);
  const chunk = randomChunk(model, rows, seed, goal);
  heap.setParameters(theta);
  tape.setParameters(theta);
  const weight = 1 / rows;
  const losses = [await heap.loss(chunk, weight), await tape.loss(chunk, weight)];
  expectClose([losses[0]!], [losses[1]!], tolerance);

  const all = wholeTensors(heap.layout);
  for (const wanted of [all, all.filter(({ tensor }) => tensor % 3 === seed % 3)]) {
    const untouched = 12345;
    const [own, reference] = [heap, tape].map(() => new Float32Array(theta.length).fill(untouched)) as [
      Float32Array,
      Float32Array,
    ];
    const loss = await heap.gradient(chunk, weight, wanted, own);
    expect(loss).toBe(losses[0]);
    await tape.gradient(chunk, weight, wanted, reference);
    const close = (x: Float32Array) => x.map((value) => (value === untouched ? 0 : value));
    expectClose(close(own), close(reference), tolerance);
    expect(own.map((value) => Number(value === untouched))).toEqual(
      reference.map((value) => Number(value === untouched)),
    );
  }
  expect(heap.statisticsSize).toBe(tape.statisticsSize);
  const statistics = [new Float32Array(heap.statisticsSize), new Float32Array(heap.statisticsSize)] as const;
  await heap.statistics(chunk, 0.5, statistics[0]);
  await tape.statistics(chunk, 0.5, statistics[1]);
  expectClose(...statistics, tolerance);
  for (const evaluator of [heap, tape]) evaluator.setStatistics(statistics[1]);
  const scores = [new Float32Array(sumsOf(goal)), new Float32Array(sumsOf(goal))] as const;
  await heap.score(chunk, scores[0]);
  await tape.score(chunk, scores[1]);
  expectClose(...scores, tolerance);
  heap.dispose();
  dispose(chunk);
}

/** Expects the same losses of the own kernels as of TensorFlow.js, which has no gradient for them. */
export async function expectSameLoss(
  backend: ComputeBackend,
  model: tf.LayersModel,
  rows: number,
  seed: number,
): Promise<void> {
  const heap = compiledOn(model, backend.heap!);
  const tape = await tapeOf(model);
  const theta = randomTheta(heap.layout.dimension, seed);
  const chunk = randomChunk(model, rows, seed);
  for (const evaluator of [heap, tape]) evaluator.setParameters(theta);
  expectClose([await heap.loss(chunk, 1 / rows)], [await tape.loss(chunk, 1 / rows)]);
  heap.dispose();
  dispose(chunk);
}

/** Samples of one shape through `layers`, then flattened to three logits. */
export function classifier(inputShape: number[], ...layers: tf.layers.Layer[]): tf.LayersModel {
  const input = tf.input({ shape: inputShape });
  let x = input;
  for (const layer of layers) x = layer.apply(x) as tf.SymbolicTensor;
  return logitsOf(input, x);
}

/** The model of three logits from `x`, flattened. */
export function logitsOf(inputs: tf.SymbolicTensor, x: tf.SymbolicTensor): tf.LayersModel {
  const flat = x.shape.length > 2 ? tf.layers.flatten().apply(x) : x;
  return tf.model({ inputs, outputs: tf.layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor });
}

/** Expects gradients of the own kernels that follow differences of their loss, of fourth order, for what the tape cannot do. */
export async function expectDifferences(
  backend: ComputeBackend,
  model: tf.LayersModel,
  rows: number,
  seed: number,
): Promise<void> {
  const evaluator = compiledOn(model, backend.heap!);
  const chunk = randomChunk(model, rows, seed);
  const theta = randomTheta(evaluator.layout.dimension, seed);
  const gradient = new Float32Array(theta.length);
  evaluator.setParameters(theta);
  await evaluator.gradient(chunk, 1 / rows, wholeTensors(evaluator.layout), gradient);
  const h = 1e-2;
  const differences = theta.slice();
  for (let i = 0; i < theta.length; i++) {
    const at = (shift: number) => {
      const shifted = theta.slice();
      shifted[i]! += shift;
      evaluator.setParameters(shifted);
      return evaluator.loss(chunk, 1 / rows);
    };
    const [near, far] = [(await at(h)) - (await at(-h)), (await at(2 * h)) - (await at(-2 * h))];
    differences[i] = (8 * near - far) / (12 * h);
  }
  expectClose(differences, gradient, 1e-3);
  evaluator.dispose();
  dispose(chunk);
}

/** The same along random directions, and less closely, for losses with kinks. */
export async function expectDifferencesAlong(backend: ComputeBackend, model: tf.LayersModel): Promise<void> {
  const evaluator = compiledOn(model, backend.heap!);
  const chunk = randomChunk(model, 8, 5);
  const theta = randomTheta(evaluator.layout.dimension, 6);
  const gradient = new Float32Array(theta.length);
  evaluator.setParameters(theta);
  await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), gradient);
  // Along random directions, in double precision where it counts: differences of sums of eight losses.
  for (let seed = 0; seed < 10; seed++) {
    const direction = randomTheta(theta.length, 100 + seed);
    const h = 1e-3;
    const at = async (shift: number) => {
      evaluator.setParameters(theta.map((value, i) => value + shift * direction[i]!));
      return evaluator.loss(chunk, 1);
    };
    const difference = ((await at(h)) - (await at(-h))) / (2 * h);
    const product = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    expect(Math.abs(difference - product)).toBeLessThan(2e-2 * (1 + Math.abs(product)));
  }
  evaluator.dispose();
  dispose(chunk);
}

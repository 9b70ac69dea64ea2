import { expect } from "vitest";
import { startBackend, type ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import type { Chunk } from "../../../src/network/evaluator.js";
import { CompiledEvaluator } from "../../../src/network/compiled/evaluator.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { TapeEvaluator } from "../../../src/network/tape-evaluator.js";
import { expectClose, randomValues } from "../compute/compare.js";

export const MEMORY = 2 ** 28;

export async function wasm(): Promise<ComputeBackend> {
  return startBackend({ backend: "wasm", threads: 1 });
}

/** Samples of the model's input shape with values in (−1, 1), and labels of one class each. */
export function randomChunk(model: tf.LayersModel, rows: number, seed: number): Chunk {
  const shape = model.inputs[0]!.shape.slice(1) as number[];
  const classes = model.outputs[0]!.shape.at(-1)!;
  const x = randomValues(rows * tf.util.sizeFromShape(shape), seed);
  const y = new Float32Array(rows * classes);
  for (let i = 0; i < rows; i++) y[i * classes + ((i * 7 + seed) % classes)] = 1;
  return { x: tf.tensor(x, [rows, ...shape]), y: tf.tensor2d(y, [rows, classes]), rows };
}

export function dispose(...chunks: Chunk[]): void {
  for (const chunk of chunks) tf.dispose([chunk.x, chunk.y]);
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
): Promise<void> {
  const heap = new CompiledEvaluator(model, backend.heap!, MEMORY);
  const tape = await TapeEvaluator.create(model, "reference");
  const theta = randomTheta(heap.layout.dimension, seed);
  const chunk = randomChunk(model, rows, seed);
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
  const [score, reference] = [await heap.score(chunk), await tape.score(chunk)];
  expect(score.correct).toBe(reference.correct);
  expectClose([score.loss], [reference.loss], tolerance);
  heap.dispose();
  dispose(chunk);
}

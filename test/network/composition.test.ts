import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { disposeChunk } from "../../src/network/batch.js";
import { CompiledEvaluator } from "../../src/network/compiled/evaluator.js";
import type { Evaluator } from "../../src/network/evaluator.js";
import type { Goal } from "../../src/network/goal/goal.js";
import { innerProductGoal } from "../../src/network/goal/inner-product.js";
import { randomPartsOf } from "../../src/network/inspect/random.js";
import { TapeEvaluator } from "../../src/network/tape/evaluator.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { expectClose } from "../helpers/compute/compare.js";
import { goalOfModel, MEMORY, randomChunk, wasm } from "../helpers/network/networks.js";

const { layers } = tf;
type Symbolic = tf.SymbolicTensor;

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** A network as two: what the first makes is what the second takes. */
interface Cut {
  readonly input: number[];
  readonly head: (x: Symbolic) => Symbolic[];
  readonly tail: (h: Symbolic[]) => Symbolic;
}

const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;

const cuts: Record<string, () => Cut> = {
  dense: () => {
    const [first, second, third] = [
      layers.dense({ units: 7, activation: "tanh" }),
      layers.dense({ units: 6, activation: "sigmoid" }),
      layers.dense({ units: 4, activation: "softmax" }),
    ];
    return { input: [9], head: (x) => [apply(first, x)], tail: ([h]) => apply(third, apply(second, h!)) };
  },
  "an activation first behind the cut": () => {
    const [first, relu, last] = [layers.dense({ units: 7 }), layers.reLU(), layers.dense({ units: 4 })];
    return { input: [9], head: (x) => [apply(first, x)], tail: ([h]) => apply(last, apply(relu, h!)) };
  },
  "convolutions, pooling and batch normalisation": () => {
    const first = layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" });
    const [norm, pool] = [layers.batchNormalization({}), layers.maxPooling2d({ poolSize: 2 })];
    const second = layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: "same" });
    const [flat, last] = [layers.flatten(), layers.dense({ units: 3 })];
    return {
      input: [8, 8, 2],
      head: (x) => [apply(norm, apply(first, x))],
      tail: ([h]) => apply(last, apply(flat, apply(second, apply(pool, h!)))),
    };
  },
  "a normalisation first behind the cut": () => {
    const first = layers.conv2d({ filters: 4, kernelSize: 3 });
    const norm = layers.batchNormalization({});
    const [flat, last] = [layers.flatten(), layers.dense({ units: 3 })];
    return {
      input: [6, 6, 2],
      head: (x) => [apply(first, x)],
      tail: ([h]) => apply(last, apply(flat, apply(norm, h!))),
    };
  },
  "a skip over the cut": () => {
    const [first, second] = [layers.dense({ units: 6, activation: "tanh" }), layers.dense({ units: 6 })];
    const [third, add, last] = [
      layers.dense({ units: 6, activation: "tanh" }),
      layers.add(),
      layers.dense({ units: 3 }),
    ];
    return {
      input: [5],
      head: (x) => {
        const a = apply(first, x);
        return [a, apply(second, a)]; // the first is read behind the cut and before it
      },
      tail: ([a, b]) => apply(last, apply(add, [a!, apply(third, b!)])),
    };
  },
  dropout: () => {
    const [first, drop] = [layers.dense({ units: 20, activation: "tanh" }), layers.dropout({ rate: 0.3 })];
    const [second, again, last] = [
      layers.dense({ units: 20 }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3 }),
    ];
    return {
      input: [5],
      head: (x) => [apply(drop, apply(first, x))],
      tail: ([h]) => apply(last, apply(again, apply(second, h!))),
    };
  },
  "an embedding": () => {
    const embedding = layers.embedding({ inputDim: 11, outputDim: 6 });
    const recurrent = layers.gru({ units: 5, returnSequences: true });
    const [norm, flat, last] = [layers.layerNormalization(), layers.flatten(), layers.dense({ units: 3 })];
    return {
      input: [4],
      head: (x) => [apply(embedding, x)],
      tail: ([h]) => apply(last, apply(flat, apply(norm, apply(recurrent, h!)))),
    };
  },
};

type Make = (model: tf.LayersModel, goal: Goal, randomLayers?: readonly number[]) => Promise<Evaluator>;
const kinds: Record<string, Make> = {
  compiled: (model, goal, randomLayers) =>
    Promise.resolve(new CompiledEvaluator(model, goal, backend.heap!, MEMORY, { seed: 5, randomLayers })),
  tape: (model, goal, randomLayers) =>
    TapeEvaluator.create(model, goal, "reference", { seed: 5, randomLayers }),
};

describe.each(Object.entries(kinds))("the %s evaluator of a network in two parts", (_, make) => {
  it.each(Object.entries(cuts))(
    "%s: results, losses and gradients are those of the whole",
    async (_name, cut) => {
      const { input, head, tail } = cut();
      const x = tf.input({ shape: input });
      const crossing = head(x);
      const whole = tf.model({ inputs: x, outputs: tail(crossing) });
      const first = tf.model({ inputs: x, outputs: crossing });
      const shapes = crossing.map(({ shape }) => shape.slice(1) as number[]);
      const taken = shapes.map((shape) => tf.input({ shape }));
      const second = tf.model({ inputs: taken, outputs: tail(taken) });
      const goal = goalOfModel(whole);
      const rows = 300; // more than a block
      const chunk = randomChunk(whole, rows, 3, goal);

      const evaluator = await make(whole, goal);
      const n = evaluator.layout.dimension;
      const expected = new Float32Array(n);
      const weight = 1 / rows;
      const f = await evaluator.gradient(chunk, weight, wholeTensors(evaluator.layout), expected);

      const drawing = randomPartsOf(first).layers.size;
      const behind = Array.from({ length: randomPartsOf(second).layers.size }, (_, i) => drawing + i);
      const goals = shapes.map((shape, i) => innerProductGoal(`crossing ${i}`, shape));
      const a = await make(first, { outputs: goals });
      const b = await make(second, goalOfModel(second), behind);
      const h = shapes.map((shape) => new Float32Array(rows * tf.util.sizeFromShape(shape)));
      await a.forward({ ...chunk, targets: [] }, h);
      const places = h.map((values, i) => b.place(values, [rows, ...shapes[i]!]));
      const c = h.map(({ length }) => new Float32Array(length).fill(NaN));
      const ofSecond = new Float32Array(b.layout.dimension);
      const chunkOfSecond = { ...chunk, inputs: places };
      const loss = await b.gradient(chunkOfSecond, weight, wholeTensors(b.layout), ofSecond, c);
      expect(loss).toBeCloseTo(f, 5);

      const cotangents = c.map((values, i) => ({
        values: a.place(values, [rows, ...shapes[i]!]),
        weights: undefined,
      }));
      const ofFirst = new Float32Array(a.layout.dimension);
      const chunkOfFirst = { ...chunk, targets: cotangents };
      const inner = await a.gradient(chunkOfFirst, 1, wholeTensors(a.layout), ofFirst);
      // What is retained gives the same bits, whatever has been computed in between.
      await a.forward(chunkOfFirst, h, "retained");
      const others = randomChunk(whole, 90, 4, goal);
      const elsewhere = shapes.map((shape) => new Float32Array(90 * tf.util.sizeFromShape(shape)));
      await a.forward({ ...others, targets: [] }, elsewhere);
      disposeChunk(others);
      const fromRetained = new Float32Array(ofFirst.length);
      expect(await a.gradient(chunkOfFirst, 1, wholeTensors(a.layout), fromRetained)).toBe(inner);
      expect(fromRetained).toEqual(ofFirst);
      // ⟨c, F(h)⟩ in double precision
      const exact = h.reduce((sum, own, i) => sum + own.reduce((s, v, j) => s + v * c[i]![j]!, 0), 0);
      const scale = h.reduce(
        (sum, own, i) => sum + own.reduce((s, v, j) => s + Math.abs(v * c[i]![j]!), 0),
        0,
      );
      expect(Math.abs(inner - exact)).toBeLessThan(1e-5 * scale);
      expect(Math.abs((await a.loss(chunkOfFirst, 1)) - exact)).toBeLessThan(1e-5 * scale);

      const norm = Math.hypot(...expected);
      const found = [...ofFirst, ...ofSecond];
      expect(found).toHaveLength(n);
      expect(norm).toBeGreaterThan(0);
      expect(Math.hypot(...found.map((g, i) => g - expected[i]!))).toBeLessThan(1e-5 * norm);

      // The gradient by h alone, and as the model predicts.
      const again = h.map(({ length }) => new Float32Array(length).fill(NaN));
      await b.gradient(chunkOfSecond, weight, [], new Float32Array(b.layout.dimension), again);
      expect(again).toEqual(c);
      await a.forward({ ...chunk, targets: [] }, h, "inference");
      const predicted = first.predict(chunk.inputs[0]!);
      for (const [i, one] of [predicted].flat().entries()) {
        expectClose(h[i]!, one.dataSync(), 1e-4);
      }

      disposeChunk({ inputs: places, targets: [] }, b.memory);
      disposeChunk({ inputs: [], targets: cotangents }, a.memory);
      disposeChunk(chunk);
      for (const one of [evaluator, a, b]) one.dispose();
    },
  );
});

it("the gradient by an input that is looked up is 0, whatever was in memory", async () => {
  const [codes, numbers] = [tf.input({ shape: [3] }), tf.input({ shape: [2] })];
  const looked = apply(layers.flatten(), apply(layers.embedding({ inputDim: 5, outputDim: 2 }), codes));
  const outputs = apply(layers.dense({ units: 3 }), apply(layers.concatenate(), [looked, numbers]));
  const model = tf.model({ inputs: [codes, numbers], outputs });
  const goal = goalOfModel(model);
  const evaluator = await kinds["compiled"]!(model, goal);
  const chunk = randomChunk(model, 4, 1, goal);
  const byInput = [new Float32Array(12).fill(NaN), new Float32Array(8).fill(NaN)];
  await evaluator.gradient(chunk, 1, [], new Float32Array(evaluator.layout.dimension), byInput);
  expect(byInput[0]).toEqual(new Float32Array(12));
  expect(byInput[1]!.every((value) => value !== 0 && Number.isFinite(value))).toBe(true);
  disposeChunk(chunk);
  evaluator.dispose();
});

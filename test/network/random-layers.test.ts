import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { goalFor } from "../../src/network/build.js";
import type { Chunk, Evaluator } from "../../src/network/evaluator.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { randomPartsOf } from "../../src/network/inspect/random.js";
import { Noise } from "../../src/network/noise.js";
import { RandomLayers } from "../../src/network/tape/random.js";
import { expectClose, randomValues } from "../helpers/compute/compare.js";
import {
  classifier,
  compiledOn,
  dispose,
  MEMORY,
  randomChunk,
  randomTheta,
  tapeOf,
  wasm,
} from "../helpers/network/networks.js";

const { layers } = tf;
type Layer = tf.layers.Layer;

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** What a layer makes of ones, in a step, for samples of these numbers. */
function drawn(layer: Layer, shape: number[], samples: Int32Array, step = 0, seed = 0): Float32Array {
  const model = tf.sequential({ layers: [layers.inputLayer({ inputShape: shape }), layer] });
  const parts = randomPartsOf(model);
  const noise = new Noise(seed, parts.layers.size);
  noise.step = step;
  return tf.tidy(() => {
    const x = tf.ones([samples.length, ...shape]);
    const made = new RandomLayers(parts, noise).use(samples, () => model.apply(x, { training: true }));
    return Float32Array.from((made as tf.Tensor).dataSync());
  });
}

const some = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** Mean and variance of what a layer makes of ones. */
const moments: Readonly<Record<string, readonly [make: () => Layer, mean: number, variance: number]>> = {
  dropout: [() => layers.dropout({ rate: 0.2 }), 1, 0.25],
  "a high rate": [() => layers.dropout({ rate: 0.9 }), 1, 9],
  gaussianDropout: [() => layers.gaussianDropout({ rate: 0.2 }), 1, 0.25],
  gaussianNoise: [() => layers.gaussianNoise({ stddev: 0.7 }), 1, 0.49],
};

describe("random layers", () => {
  it.each(Object.entries(moments))("%s has the mean and variance it should", (_, [make, mean, variance]) => {
    const values = drawn(make(), [250], some(400)); // 100,000
    const own = values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = values.reduce((sum, v) => sum + (v - own) ** 2, 0) / values.length;
    expect(Math.abs(own - mean)).toBeLessThan(5 * Math.sqrt(variance / values.length));
    expect(Math.abs(squares / variance - 1)).toBeLessThan(0.03);
  });

  it("alphaDropout keeps mean 0 and variance 1", () => {
    const model = tf.sequential({
      layers: [layers.inputLayer({ inputShape: [250] }), layers.alphaDropout({ rate: 0.3 })],
    });
    const parts = randomPartsOf(model);
    const values = tf.tidy(() => {
      const x = tf.randomNormal([400, 250], 0, 1, "float32", 7);
      const made = new RandomLayers(parts, new Noise(3, 1)).use(some(400), () =>
        model.apply(x, { training: true }),
      );
      return Float32Array.from((made as tf.Tensor).dataSync());
    });
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  });

  it("spatialDropout1d drops a channel at all steps", () => {
    const values = drawn(layers.spatialDropout1d({ rate: 0.5 }), [7, 5], some(6));
    for (let sample = 0; sample < 6; sample++) {
      for (let channel = 0; channel < 5; channel++) {
        const at = Array.from({ length: 7 }, (_, step) => values[(sample * 7 + step) * 5 + channel]);
        expect(new Set(at).size).toBe(1);
      }
    }
    expect(new Set(values)).toEqual(new Set([0, 2]));
  });

  it("draw by seed, step and a sample's number alone", () => {
    const of = (samples: number[], step = 0, seed = 0) =>
      drawn(layers.dropout({ rate: 0.5 }), [40], Int32Array.from(samples), step, seed);
    const [all, again] = [of([5, 9, 2]), of([5, 9, 2])];
    expect(again).toEqual(all);
    expect(of([9])).toEqual(all.slice(40, 80));
    expect(of([2, 5])).toEqual(Float32Array.from([...all.slice(80), ...all.slice(0, 40)]));
    expect(of([5, 9, 2], 1)).not.toEqual(all);
    expect(of([5, 9, 2], 0, 1)).not.toEqual(all);
  });

  it("of a part of a model draw what they draw in the whole", () => {
    const whole = new Noise(7, 3);
    const part = new Noise(7, 2, [2, 0]);
    expect([0, 1].map((layer) => part.key(layer))).toEqual([2, 0].map((layer) => whole.key(layer)));
  });
});

const networks: Readonly<Record<string, () => tf.LayersModel>> = {
  dropout: () =>
    classifier([8], layers.dense({ units: 9, activation: "tanh" }), layers.dropout({ rate: 0.4 })),
  "two of them": () =>
    classifier(
      [4, 3],
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 4 }),
      layers.spatialDropout1d({ rate: 0.5 }),
    ),
};

async function gradientOf(evaluator: Evaluator, chunk: Chunk) {
  const gradient = new Float32Array(evaluator.layout.dimension);
  const loss = await evaluator.gradient(chunk, 1 / chunk.rows, wholeTensors(evaluator.layout), gradient);
  return [loss, ...gradient];
}

describe.each(Object.entries(networks))("one step sees one f, the next another: %s", (_, make) => {
  it("in compiled networks and through TensorFlow.js, with the same masks", async () => {
    const model = make();
    const evaluators = [compiledOn(model, backend.heap!), await tapeOf(model)];
    const theta = randomTheta(evaluators[0]!.layout.dimension, 3);
    const chunk = randomChunk(model, 70, 5);
    const seen = [];
    for (const step of [0, 1, 2]) {
      const results = [];
      for (const evaluator of evaluators) {
        expect(evaluator.isRandom).toBe(true);
        evaluator.setParameters(theta);
        evaluator.setStep(step);
        const first = await gradientOf(evaluator, chunk);
        expect(await evaluator.loss(chunk, 1 / 70)).toBe(first[0]);
        expect(await gradientOf(evaluator, chunk)).toEqual(first);
        results.push(first);
      }
      expectClose(results[0]!, results[1]!, 1e-5);
      seen.push(results[0]![0]!);
    }
    expect(new Set(seen).size).toBe(3);
    evaluators[0]!.setStep(0);
    expect((await gradientOf(evaluators[0]!, chunk))[0]).toBe(seen[0]);
    evaluators[0]!.dispose();
    dispose(chunk);
  });
});

describe("weights of samples", () => {
  it.each(["meanSquaredError", "huber", "cosineProximity", "softmaxCrossEntropy"])(
    "scale each loss: %s, of samples and of steps",
    async (loss) => {
      const model = tf.sequential({ layers: [layers.dense({ units: 3, inputShape: [4, 2] })] });
      const samples = { inputs: [{ shape: [4, 2] }], targets: [{ shape: [4, 3] }], name: "the data" };
      const goal = goalFor(model, samples, [{ loss, where: "the test" }], { name: "the model" });
      const evaluators = [compiledOn(model, backend.heap!, MEMORY, goal), await tapeOf(model, goal)];
      const theta = randomTheta(9, 4);
      const plain = randomChunk(model, 5, 2, goal);
      const { values } = plain.targets[0]!;
      for (const shape of [[5], [5, 4]]) {
        const weights = randomValues(
          shape.reduce((a, b) => a * b),
          8,
        ).map((w) => Math.abs(w));
        const chunk = { ...plain, targets: [{ values, weights: tf.tensor(weights, shape) }] };
        const [x, y] = [plain.inputs[0]!.dataSync(), Float32Array.from(values.dataSync())];
        const f = (at: Float32Array) => {
          let sum = 0;
          for (let position = 0; position < 20; position++) {
            const own = shape.length === 2 ? weights[position]! : weights[Math.floor(position / 4)]!;
            const z = [0, 1, 2].map(
              (j) => x[2 * position]! * at[j]! + x[2 * position + 1]! * at[3 + j]! + at[6 + j]!,
            );
            sum +=
              own *
              goal.outputs[0]!.loss.ofRow!(y, 3 * position, Float32Array.from(z), 0, 3, 1, undefined, 0);
          }
          return sum / 20;
        };
        for (const evaluator of evaluators) {
          evaluator.setParameters(theta);
          const [value, ...gradient] = await gradientOf(evaluator, chunk);
          expectClose([value!], [f(theta)]);
          const differences = theta.map((_, i) => {
            const at = (h: number) => f(theta.map((v, k) => (k === i ? v + h : v)));
            return (at(1e-2) - at(-1e-2)) / 2e-2;
          });
          expectClose(gradient, differences, 1e-3);
        }
      }
      dispose(plain);
    },
  );
});

describe("a thousand steps", () => {
  it("leave no tensor behind, nor a byte of the heap", async () => {
    const model = classifier(
      [3, 2],
      layers.lstm({ units: 2, dropout: 0.3, recurrentDropout: 0.3, returnSequences: true }),
      layers.flatten(),
      layers.dropout({ rate: 0.5 }),
    );
    const other = classifier(
      [8],
      layers.dense({ units: 4 }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.5 }),
    );
    const tape = await tapeOf(model);
    const compiled = compiledOn(other, backend.heap!);
    for (const [evaluator, own, steps] of [
      [tape, model, 1000],
      [compiled, other, 1000],
    ] as const) {
      const chunk = randomChunk(own, 4, 1);
      const step = async (i: number) => {
        evaluator.setStep(i);
        evaluator.setParameters(randomTheta(evaluator.layout.dimension, i));
        await gradientOf(evaluator, chunk);
        await evaluator.loss(chunk, 1);
        await evaluator.score(chunk, new Float32Array(3));
      };
      for (let i = 0; i < 5; i++) await step(i);
      const before = { ...tf.memory(), heap: backend.heap!.size };
      for (let i = 0; i < steps; i++) await step(i);
      const after = { ...tf.memory(), heap: backend.heap!.size };
      expect([after.numTensors, after.numBytes, after.heap]).toEqual([
        before.numTensors,
        before.numBytes,
        before.heap,
      ]);
      dispose(chunk);
      evaluator.dispose();
    }
  });
});

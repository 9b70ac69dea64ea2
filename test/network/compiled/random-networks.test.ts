import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import type { TensorChunk } from "../../../src/network/evaluator.js";
import { wholeTensors, type TensorPart } from "../../../src/network/tensor-part.js";
import { seeds } from "../../helpers/compute/compare.js";
import {
  compiledOn,
  dispose,
  expectAgreement,
  logitsOf,
  randomChunk,
  randomTheta,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const { layers } = tf;
type Tensor = tf.SymbolicTensor;
type Layer = tf.layers.Layer;

/** Layers that keep an image's height and width, by the channels they are to give, where they can choose. */
const steps: Record<string, (channels: number) => Layer> = {
  conv: (filters) => layers.conv2d({ filters, kernelSize: 3, padding: "same" }),
  activated: (filters) => layers.conv2d({ filters, kernelSize: 1, activation: "swish" }),
  depthwise: () => layers.depthwiseConv2d({ kernelSize: 3, padding: "same", activation: "tanh" }),
  separable: (filters) => layers.separableConv2d({ filters, kernelSize: 2, padding: "same" }),
  transposed: (filters) => layers.conv2dTranspose({ filters, kernelSize: 2, padding: "same" }),
  dense: (units) => layers.dense({ units, activation: "softplus" }),
  softmax: () => layers.softmax({ axis: -1 }),
  normalised: () => layers.batchNormalization({}),
  relu: () => layers.reLU(),
  relu6: () => layers.reLU({ maxValue: 6 }),
  leaky: () => layers.leakyReLU({ alpha: 0.1 }),
  prelu: () => layers.prelu({ sharedAxes: [1, 2] }),
  sigmoid: () => layers.activation({ activation: "sigmoid" }),
  pool: () => layers.averagePooling2d({ poolSize: 2, strides: 1, padding: "same" }),
  turned: () => layers.permute({ dims: [2, 1, 3] }),
  scaled: () => layers.rescaling({ scale: 1.5, offset: 0.1 }),
};

const mergers: Record<string, () => Layer> = {
  add: () => layers.add(),
  average: () => layers.average(),
  multiply: () => layers.multiply(),
  concatenate: () => layers.concatenate(),
};

/** A choice of what to do next: a layer applied to one result so far, or two results merged. */
const choice = fc.record({
  kind: fc.constantFrom(...Object.keys(steps), ...Object.keys(mergers)),
  first: fc.nat({ max: 100 }),
  second: fc.nat({ max: 100 }),
  channels: fc.integer({ min: 1, max: 5 }),
});
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

/** Results are drawn from the last few: the network is deep, and has branches. */
function network(choices: readonly Choice[]): tf.LayersModel {
  const input = tf.input({ shape: [4, 4, 3] });
  const stem = layers.conv2d({ filters: 3, kernelSize: 3, padding: "same" }).apply(input);
  const results: Tensor[] = [input, stem as Tensor];
  for (const { kind, first, second, channels } of choices) {
    const recent = results.slice(-3);
    const x = recent[first % recent.length]!;
    const merger = mergers[kind];
    if (merger === undefined) {
      results.push(steps[kind]!(channels).apply(x) as Tensor);
      continue;
    }
    // TensorFlow.js forgets too early what a layer reads twice.
    const others = results.filter((other) => {
      return other !== x && (kind === "concatenate" || other.shape.at(-1) === x.shape.at(-1));
    });
    const other = others[second % Math.max(1, others.length)];
    if (other !== undefined) results.push(merger().apply([x, other]) as Tensor);
  }
  return logitsOf(input, layers.concatenate().apply([results.at(-1)!, results.at(-2)!]) as Tensor);
}

describe("networks of layers in any order, with branches", () => {
  const choices = fc.array(choice, { minLength: 1, maxLength: 9 });

  it("agree with the tape", async () => {
    await fc.assert(
      fc.asyncProperty(choices, seeds, async (all, seed) => {
        const model = network(all);
        await expectAgreement(backend, model, 20, seed, 2e-4);
        model.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it("give the same bits whether what does not vary is kept or not", async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.nat({ max: 100 }), seeds, async (all, which, seed) => {
        const model = network(all);
        const chunk = randomChunk(model, 70, seed);
        const warm = compiledOn(model, backend.heap!);
        const { dimension, slots } = warm.layout;
        const theta = randomTheta(dimension, seed);
        const part: TensorPart = wholeTensors(warm.layout)[which % slots.length]!;
        const { offset, size } = slots[part.tensor]!;
        for (let repeat = 0; repeat < 3; repeat++) {
          theta.set(randomTheta(size, seed + repeat), offset);
          const cold = compiledOn(model, backend.heap!);
          const gradients = await Promise.all(
            [warm, cold].map(async (evaluator) => {
              evaluator.setParameters(theta);
              const out = new Float32Array(dimension);
              return [await evaluator.gradient(chunk, 1, [part], out), out.slice(offset, offset + size)];
            }),
          );
          expect(gradients[0]).toEqual(gradients[1]);
          cold.dispose();
        }
        warm.dispose();
        dispose(chunk);
        model.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it("give the same bits whether results are retained for their backward passes or computed anew", async () => {
    await fc.assert(
      fc.asyncProperty(choices, seeds, async (all, seed) => {
        const model = network(all);
        const evaluator = compiledOn(model, backend.heap!);
        const { dimension } = evaluator.layout;
        evaluator.setParameters(randomTheta(dimension, seed));
        const everything = wholeTensors(evaluator.layout);
        const chunks = [20, 300, 21, 5].map((rows, i) => randomChunk(model, rows, seed + i));
        const size = chunks[0]!.inputs[0]!.size / 20;
        const gradientOf = async (chunk: TensorChunk) => {
          const [out, byInput] = [new Float32Array(dimension), new Float32Array(chunk.rows * size)];
          return [await evaluator.gradient(chunk, 1, everything, out, [byInput]), out, byInput];
        };
        const expected = [];
        for (const chunk of chunks) expected.push(await gradientOf(chunk));

        const found = [];
        for (let c = 0; c < chunks.length + 2; c++) {
          const next = chunks[c];
          const results = next && [new Float32Array(next.rows * width(model))];
          if (results) await evaluator.forward(next, results, "retained");
          if (c >= 2) found.push(await gradientOf(chunks[c - 2]!));
        }
        expect(found).toEqual(expected);
        evaluator.dispose();
        dispose(...chunks);
        model.dispose();
      }),
      { numRuns: 40 },
    );
  });
});

function width({ outputs }: tf.LayersModel): number {
  return outputs[0]!.shape.at(-1)!;
}

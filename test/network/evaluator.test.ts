import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend, type ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { TapeEvaluator } from "../../src/network/tape/evaluator.js";
import { wholeTensors, type TensorPart } from "../../src/network/tensor-part.js";
import { expectClose, seeds, sizes } from "../helpers/compute/compare.js";
import {
  compiledOn,
  dispose,
  evaluatorOf,
  expectAgreement,
  MEMORY,
  randomChunk,
  randomTheta,
  wasm,
} from "../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

describe("CompiledEvaluator", () => {
  it("agrees with the tape for dense networks of any widths, activations and sizes of batch", async () => {
    const activation = fc.constantFrom("linear", "relu", "tanh", "sigmoid", "elu");
    const layer = fc.record({ units: sizes(12), activation, useBias: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { minLength: 1, maxLength: 3 }),
        sizes(7),
        fc.constantFrom(1, 3, 255, 256, 257, 600),
        fc.boolean(),
        seeds,
        async (layers, classes, rows, softmax, seed) => {
          const model = tf.sequential();
          model.add(tf.layers.flatten({ inputShape: [3, 2, 1] }));
          for (const config of layers) model.add(tf.layers.dense(config));
          model.add(tf.layers.dense({ units: classes + 1, activation: softmax ? "softmax" : "linear" }));
          await expectAgreement(backend, model, rows, seed);
          model.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("agrees for layers between the dense ones: activations, dropout, reshapes, a softmax of its own", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.reshape({ inputShape: [12], targetShape: [3, 4] }),
        tf.layers.dense({ units: 5 }),
        tf.layers.reLU(),
        tf.layers.flatten(),
        tf.layers.dropout({ rate: 0 }),
        tf.layers.dense({ units: 4, useBias: false }),
        tf.layers.activation({ activation: "tanh" }),
        tf.layers.dense({ units: 3 }),
        tf.layers.softmax(),
      ],
    });
    await expectAgreement(backend, model, 40, 1);
  });

  it("agrees where some layers are not trained", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [6], units: 5, activation: "relu", trainable: false }),
        tf.layers.dense({ units: 3 }),
      ],
    });
    await expectAgreement(backend, model, 30, 2);
  });

  it("keeps what does not depend on the varying parts, with the same bits", async () => {
    const model = tf.sequential();
    for (const [i, units] of [9, 8, 7, 3].entries()) {
      const activation = i < 3 ? "relu" : "linear";
      model.add(tf.layers.dense({ units, activation, ...(i === 0 ? { inputShape: [10] } : {}) }));
    }
    const chunks = [randomChunk(model, 700, 1), randomChunk(model, 300, 2)];
    const evaluators = () => compiledOn(model, backend.heap!, MEMORY);
    const warm = evaluators();
    const { slots, dimension } = warm.layout;
    const whole = wholeTensors(warm.layout);
    /** Some tensors, and of each a range of units, the same for all or its own. */
    const parts = fc
      .record({
        tensors: fc.subarray(
          whole.map(({ tensor }) => tensor),
          { minLength: 1 },
        ),
        from: fc.integer({ min: 0, max: 2 }),
        count: fc.oneof(fc.constant(1000), sizes(3)),
      })
      .map(({ tensors, from, count }) =>
        tensors.map((tensor): TensorPart => {
          const { to } = whole[tensor]!;
          return count === 1000 ? whole[tensor]! : { tensor, from, to: Math.min(to, from + count) };
        }),
      );
    const step = fc.record({
      varying: parts,
      changeAll: fc.boolean(),
      chunk: fc.constantFrom(...chunks),
      seed: seeds,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, sizes(3)), { minLength: 1, maxLength: 4 }), async (steps) => {
        const theta = randomTheta(dimension, 0);
        for (const [{ varying, changeAll, chunk, seed }, repeats] of steps) {
          for (let repeat = 0; repeat < repeats; repeat++) {
            const fresh = randomTheta(dimension, seed + repeat);
            const changing = changeAll && repeat === 1 ? whole : varying;
            for (const { tensor, from, to } of changing) {
              const { offset, size } = slots[tensor]!;
              const width = whole[tensor]!.to;
              for (let i = 0; i < size; i++) {
                if (i % width >= from && i % width < to) theta[offset + i] = fresh[offset + i]!;
              }
            }
            warm.setParameters(theta);
            const cold = evaluators();
            cold.setParameters(theta);
            expect(await warm.loss(chunk, 1, varying)).toBe(await cold.loss(chunk, 1, varying));
            const [a, b, all] = [
              new Float32Array(dimension),
              new Float32Array(dimension),
              new Float32Array(dimension),
            ];
            expect(await warm.gradient(chunk, 1, varying, a)).toBe(await cold.gradient(chunk, 1, varying, b));
            await cold.gradient(chunk, 1, whole, all);
            for (const { tensor, from, to } of varying) {
              const { offset, size } = slots[tensor]!;
              const width = whole[tensor]!.to;
              const owned = (x: Float32Array) =>
                x.slice(offset, offset + size).filter((_, i) => i % width >= from && i % width < to);
              expect(owned(a)).toEqual(owned(b));
              expectClose(owned(a), owned(all));
            }
            cold.dispose();
          }
        }
      }),
      { numRuns: 40 },
    );
    dispose(...chunks);
  });

  it("follows central differences of the loss", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [4], units: 6, activation: "tanh" }),
        tf.layers.dense({ units: 5, activation: "sigmoid" }),
        tf.layers.dense({ units: 4, activation: "elu" }),
        tf.layers.dense({ units: 3 }),
      ],
    });
    const evaluator = compiledOn(model, backend.heap!, MEMORY);
    const chunk = randomChunk(model, 20, 5);
    const theta = randomTheta(evaluator.layout.dimension, 6);
    const gradient = new Float32Array(theta.length);
    evaluator.setParameters(theta);
    await evaluator.gradient(chunk, 1 / 20, wholeTensors(evaluator.layout), gradient);
    const h = 1e-2;
    for (let i = 0; i < theta.length; i++) {
      const at = async (shift: number) => {
        const shifted = theta.slice();
        shifted[i]! += shift;
        evaluator.setParameters(shifted);
        return evaluator.loss(chunk, 1 / 20);
      };
      expect(((await at(h)) - (await at(-h))) / (2 * h)).toBeCloseTo(gradient[i]!, 3);
    }
    dispose(chunk);
  });

  it("passes NaN and infinity on to the loss", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [2], units: 3, activation: "relu" }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    const evaluator = compiledOn(model, backend.heap!, MEMORY);
    const chunk = randomChunk(model, 5, 5);
    for (const value of [NaN, 1e38]) {
      evaluator.setParameters(new Float32Array(evaluator.layout.dimension).fill(value));
      expect(await evaluator.loss(chunk, 1)).not.toBeLessThan(Infinity);
    }
    dispose(chunk);
  });

  it("gives the same bits after the heap has grown and moved", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [70], units: 32, activation: "relu" }),
        tf.layers.dense({ units: 3 }),
      ],
    });
    const chunk = randomChunk(model, 300, 5);
    for (const blas of ["none", "auto"]) {
      const { heap } = await startBackend({ backend: "wasm", threads: 1, blas });
      const evaluator = compiledOn(model, heap!, MEMORY);
      const { dimension } = evaluator.layout;
      evaluator.setParameters(randomTheta(dimension, 6));
      const slice = [{ tensor: 0, from: 4, to: 12 }];
      const evaluate = async () => {
        const [whole, part] = [new Float32Array(dimension), new Float32Array(dimension)];
        const loss = await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), whole);
        return [loss, await evaluator.gradient(chunk, 1, slice, part), whole, part];
      };
      const before = await evaluate();
      const size = heap!.size;
      const block = heap!.allocate(size);
      expect(heap!.size).toBeGreaterThan(size);
      expect(await evaluate()).toEqual(before);
      heap!.free(block);
      evaluator.dispose();
    }
    dispose(chunk);
  });

  it("writes its parameters into the model on export", async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [2], units: 3 })] });
    const evaluator = compiledOn(model, backend.heap!, MEMORY);
    const theta = randomTheta(9, 3);
    evaluator.setParameters(theta);
    expect(evaluator.parameters()).toEqual(theta);
    const weights = evaluator.exportModel().getWeights();
    expect([...(await weights[0]!.data()), ...(await weights[1]!.data())]).toEqual([...theta]);
  });
});

describe("createEvaluator", () => {
  it("takes TensorFlow.js's operations for layers without own kernels, and names the layer", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv3d({ inputShape: [2, 2, 2, 1], filters: 1, kernelSize: 1, name: "volume" }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    });
    const evaluator = await evaluatorOf(model, backend);
    expect(evaluator).toBeInstanceOf(TapeEvaluator);
    expect(evaluator.description).toBe(
      'TensorFlow.js operations: Conv3D "volume" has no kernels of its own.',
    );
  });
});

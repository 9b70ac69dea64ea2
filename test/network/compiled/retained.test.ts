import { beforeAll, expect, it, vi } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { tf } from "../../../src/compute/tensorflow.js";
import {
  classifier,
  compiledOn,
  dispose,
  randomChunk,
  randomTheta,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const LAYERS = 3;

function network() {
  const dense = () => tf.layers.dense({ units: 8, activation: "tanh" });
  const model = classifier([8], dense(), dense());
  const evaluator = compiledOn(model, backend.heap!);
  const chunk = randomChunk(model, 16, 1);
  const everything = wholeTensors(evaluator.layout);
  const out = new Float32Array(evaluator.layout.dimension);
  const results = [new Float32Array(16 * model.outputs[0]!.shape.at(-1)!)];
  return {
    evaluator,
    retain: () => evaluator.forward(chunk, results, "retained"),
    /** Products that a gradient takes. */
    productsOfGradient: async () => {
      const products = vi.spyOn(backend.heap!, "multiply");
      await evaluator.gradient(chunk, 1, everything, out);
      const { length } = products.mock.calls;
      products.mockRestore();
      return length;
    },
    end: () => {
      evaluator.dispose();
      dispose(chunk);
    },
  };
}

it("results that are retained are not computed again, once", async () => {
  const { retain, productsOfGradient, end } = network();
  const anew = await productsOfGradient();
  await retain();
  expect(await productsOfGradient()).toBe(anew - LAYERS);
  expect(await productsOfGradient()).toBe(anew);
  end();
});

it("results of another θ or another step are not", async () => {
  const { evaluator, retain, productsOfGradient, end } = network();
  const anew = await productsOfGradient();
  await retain();
  evaluator.setParameters(randomTheta(evaluator.layout.dimension, 3));
  expect(await productsOfGradient()).toBe(anew);
  await retain();
  evaluator.setStep(7);
  expect(await productsOfGradient()).toBe(anew);
  end();
});

it("memory for them is used again, and all of it is given back", async () => {
  const { retain, productsOfGradient, end } = network();
  const { heap } = backend;
  const round = async () => {
    await retain();
    await productsOfGradient();
  };
  await round();
  const allocate = vi.spyOn(heap!, "allocate");
  for (let i = 0; i < 5; i++) await round();
  expect(allocate).not.toHaveBeenCalled();
  allocate.mockRestore();
  end();
});

import { expect, test } from "vitest";
import { foldingLayer, withFolded } from "../../../src/network/inputs/fold.js";
import { tf } from "../../../src/compute/tensorflow.js";

const model = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [3], units: 2 }),
    tf.layers.dense({ units: 2, useBias: false, name: "behind" }),
  ],
});
const layer = foldingLayer(model, 3);
if (typeof layer === "string") throw new Error(layer);

/** Kernel (3, 2), bias (2,), and the kernel behind (2, 2). */
const theta = () => Float32Array.of(1, -2, 3, 4, -5, 6, 0.5, -0.25, 1, 2, 3, 4);
const normalisation = { mean: [1, -2, 4], deviation: [2, 4, 0.5] };

/** x W + b of the first layer. */
function first(weights: Float32Array, x: readonly number[]): number[] {
  return [0, 1].map((unit) =>
    x.reduce((sum, xi, i) => sum + xi * weights[2 * i + unit]!, weights[6 + unit]!),
  );
}

test("the layer that standardises does to samples as they are what it did to standardised ones", () => {
  const x = [3, 5, -1];
  const standardised = x.map((xi, i) => (xi - normalisation.mean[i]!) / normalisation.deviation[i]!);
  const { values, behind } = withFolded(theta(), layer, normalisation, (folded) => ({
    values: first(folded, x),
    behind: [...folded.subarray(8)],
  }));
  first(theta(), standardised).forEach((expected, unit) => {
    expect(values[unit]).toBeCloseTo(expected, 5);
  });
  expect(behind).toEqual([1, 2, 3, 4]);
});

test("θ is afterwards what it was, whatever happens", () => {
  const weights = theta();
  withFolded(weights, layer, normalisation, (folded) => {
    expect(folded).not.toEqual(theta());
  });
  expect(weights).toEqual(theta());
  const failing = () =>
    withFolded(weights, layer, normalisation, () => {
      throw new Error("no room");
    });
  expect(failing).toThrow("no room");
  expect(weights).toEqual(theta());
});

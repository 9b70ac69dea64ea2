import { expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { labelled, type Labelled } from "../../src/data/dataset.js";
import { Random } from "../../src/random.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import type { Vector } from "../../src/linalg/vector.js";
import { Batch } from "../../src/network/batch.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { NetworkProblem } from "../../src/network/problem.js";
import { EvaluationCount } from "../../src/network/rank-network.js";
import { createMethod } from "../helpers/methods/steps.js";
import { evaluatorOf, wasm } from "../helpers/network/networks.js";

const [INPUTS, CLASSES, ROWS] = [9, 4, 400];
const WIDTHS = [INPUTS, 8, 6, CLASSES];
const MEAN = 128;
const DEVIATION = 70;

const random = new Random(11);
/** Labels that a network can learn: the brightest of four pixels. */
const samples: Labelled = (() => {
  const features = Uint8Array.from({ length: INPUTS * ROWS }, () => random.integer(256));
  const labels = Int32Array.from({ length: ROWS }, (_, row) => {
    const pixels = [...features.subarray(INPUTS * row, INPUTS * row + CLASSES)];
    return pixels.indexOf(Math.max(...pixels));
  });
  return { sampleShape: [3, 3, 1], classes: CLASSES, features, labels };
})();

/** The mean cross-entropy of the dense network with ReLU, in float64 and plain loops. */
function exactLoss(theta: Vector): number {
  let loss = 0;
  for (let row = 0; row < ROWS; row++) {
    let at = 0;
    let h = [...samples.features.subarray(INPUTS * row, INPUTS * (row + 1))].map(
      (v) => (v - MEAN) / DEVIATION,
    );
    for (let layer = 1; layer < WIDTHS.length; layer++) {
      const [rows, columns] = [WIDTHS[layer - 1]!, WIDTHS[layer]!];
      const bias = at + rows * columns;
      const z = Array.from({ length: columns }, (_, j) =>
        h.reduce((sum, value, i) => sum + value * theta[at + i * columns + j]!, theta[bias + j]!),
      );
      h = layer === WIDTHS.length - 1 ? z : z.map((value) => Math.max(value, 0));
      at = bias + columns;
    }
    const largest = Math.max(...h);
    const sum = h.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    loss += (Math.log(sum) + largest - h[samples.labels[row]!]!) / ROWS;
  }
  return loss;
}

it.each([
  ["apts", "adam"],
  ["apts", "gradient"],
  ["apts", "l-sr1"],
  ["tr", "gradient"],
])("%s by %s never lets the loss of a network rise, evaluated again in float64", async (name, direction) => {
  const [comm] = createLocalGroup(1);
  const backend = await wasm();
  const model = fcnn([3, 3, 1], CLASSES, WIDTHS.slice(1, -1), new Random(2));
  const evaluator = await evaluatorOf(model, backend);
  const { slots } = evaluator.layout;
  const decomposition = byTensors(slots, 3, [...slots.keys()]);
  const batch = new Batch(labelled(samples), { normalisations: [{ mean: [MEAN], deviation: [DEVIATION] }] });
  const { subdomains } = decomposition;
  const parts = { evaluator, penalty: undefined, comm: comm!, subdomains, count: new EvaluationCount() };
  const problem = new NetworkProblem("everything", batch, parts);
  const method = createMethod(name, { direction }, { decomposition });

  let state = method.start(evaluator.parameters());
  const begin = exactLoss(state.theta);
  let before = begin;
  for (let k = 0; k < 60; k++) {
    const after = await method.step(state, problem);
    ({ state } = after);
    const exact = exactLoss(state.theta);
    expect(after.report.loss).toBeCloseTo(exact, 5);
    expect(exact).toBeLessThanOrEqual(before * (1 + 1e-6)); // decisions are taken on float32 sums
    before = exact;
  }
  expect(before).toBeLessThan(0.6 * begin);
});

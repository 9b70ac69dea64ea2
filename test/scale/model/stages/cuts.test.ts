import { expect, test } from "vitest";

import { tf } from "../../../../src/compute/tensorflow.js";
import { planOfConfig } from "../../../../src/run/stages/plan-of-config.js";
import { trainConfig } from "../../../../src/run/options/config.js";
import { edgesOf, furtherCuts } from "../../../../src/scale/model/stages/cuts.js";

const ROWS = 64;

test("all that goes from one stage to another goes in one message", () => {
  const crossing = (tensor: string, shape: number[], from: number, to: number[]) => ({
    tensor,
    shape,
    from,
    to,
  });
  const crossings = [
    crossing("a", [2, 3], 0, [1, 2]),
    crossing("b", [5], 0, [1]),
    crossing("c", [7], 1, [2]),
  ];
  const whole = { parameters: 0, activationBytes: 0 };
  expect(edgesOf({ crossings, stages: [], whole }, 10)).toEqual([
    { from: 0, to: 1, bytes: 40 * (6 + 5) },
    { from: 0, to: 2, bytes: 40 * 6 },
    { from: 1, to: 2, bytes: 40 * 7 },
  ]);
});

test("a network is cut in 2, 4, … stages as far as it has layers, at the rate of the stages that were probed", async () => {
  const values = {
    data: "digits",
    trainSamples: ROWS,
    batchSize: ROWS,
    method: "iapts",
    hidden: [16, 16, 16, 16],
  };
  const config = trainConfig([{ source: { kind: "program" }, values }], 2);
  const { plan } = await planOfConfig(config, {});
  const work = { forward: 1, backward: 2, loss: 1, update: 4, parameters: 0 };
  const staged = {
    microBatches: 4,
    stages: plan.stages.map(({ parameters }) => ({ ...work, parameters })),
    edges: edgesOf(plan, ROWS / 4),
  };
  const layers = [16, 16, 16, 16, 10].map((units) => tf.layers.dense({ units }));
  const hollow = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [28, 28, 1] }), ...layers] });
  const cuts = await furtherCuts(
    { plan, hollow },
    { config, staged, rows: ROWS, samples: ROWS, canRetain: false },
  );
  expect(cuts.map(({ stages, microBatches, edges }) => [stages.length, microBatches, edges.length])).toEqual([
    [2, 4, 1],
    [4, 8, 3],
  ]);
  const seconds = ({ microBatches, stages }: (typeof cuts)[number]) =>
    microBatches * stages.reduce((sum, { forward, backward }) => sum + forward + backward, 0);
  expect(seconds(cuts[0]!)).toBeCloseTo(4 * 2 * 3, 9); // as it was probed
  expect(seconds(cuts[1]!)).toBeGreaterThan(0.9 * 24);
  expect(seconds(cuts[1]!)).toBeLessThan((4 / 3) * 24); // where stages compute again
  for (const { stages, edges, microBatches } of cuts) {
    expect(stages.reduce((sum, { update }) => sum + update, 0)).toBeCloseTo(8, 9);
    expect(stages.at(-1)!.forward).toBe(0);
    expect(edges.map(({ bytes }) => bytes)).toEqual(edges.map(() => (4 * 16 * ROWS) / microBatches));
  }
});

import { describe, expect, test } from "vitest";

import type { Iteration } from "../../../src/scale/model/iteration.js";
import type { Network } from "../../../src/scale/model/links.js";
import { predict } from "../../../src/scale/model/predict.js";
import type { CopiedPass } from "../../../src/scale/model/stages/cost.js";
import { inStages } from "../../../src/scale/model/stages/iteration.js";
import { simulate } from "../../../src/scale/simulation/simulate.js";

const link = { latency: 20e-6, overhead: 3e-6, perByte: 1e-9 };
/** A rank a host, links that are nobody's to share. */
const even: Network = {
  name: "even",
  ranksPerHost: 1,
  memory: false,
  sharedUplink: false,
  links: { memory: link, host: link, network: link },
};
/** Ranks that read each other's memory. */
const oneHost: Network = {
  ...even,
  ranksPerHost: 64,
  memory: true,
  links: { ...even.links, memory: { latency: 5e-6, overhead: 1e-6, perByte: 1e-10 } },
};

/** Stages of uneven work, and messages past a stage as of a residual network; of one frame each. */
function uneven(stages: number, microBatches: number, bytes: number): CopiedPass {
  const numbers = Array.from({ length: stages }, (_, stage) => stage);
  return {
    microBatches,
    forward: numbers.map((stage) => (stage === stages - 1 ? 0 : 1e-4 * (1 + Math.sin(stage) ** 2))),
    backward: numbers.map((stage) => 2.3e-4 * (1 + Math.cos(stage) ** 2)),
    edges: [
      ...numbers.slice(1).map((to) => ({ from: to - 1, to, bytes: bytes + 64 * to })),
      ...numbers.slice(2).map((to) => ({ from: to - 2, to, bytes: 640 })),
    ],
    sums: numbers.map((stage) => 8 + 4 * (1000 + stage)),
  };
}

const only = (pass: CopiedPass): Iteration => [{ name: "pass", times: 1, pass }];

describe("the pipeline's own code, event by event, takes the model's time", () => {
  const passes: readonly (readonly [string, number, number, number])[] = [
    ["two stages", 2, 4, 4000],
    ["four stages", 4, 8, 4000],
    ["more stages than micro-batches", 6, 3, 4000],
    ["messages that take longer than stages", 4, 8, 60_000],
    ["many stages", 12, 24, 20_000],
  ];
  test.each(passes)("of %s, there and back, and there alone", async (_, stages, microBatches, bytes) => {
    const pass = uneven(stages, microBatches, bytes);
    const { backward: _none, ...there } = { ...pass, sums: pass.sums.map(() => 0) };
    for (const network of [even, oneHost])
      for (const one of [pass, there]) {
        const { seconds } = await simulate(only(one), network, stages);
        expect(seconds / predict(only(one), network, stages).seconds).toBeCloseTo(1, 9);
      }
  });

  test("of copies, whose stages then sum, but for what sums overlap with passes", async () => {
    const pass = uneven(4, 8, 4000);
    for (const copies of [2, 4, 8]) {
      const { seconds } = await simulate(only(pass), even, 4 * copies);
      expect(seconds / predict(only(pass), even, 4 * copies).seconds).toBeCloseTo(1, 2);
    }
  });

  test("of a whole iteration, but for what one call has left at the next", async () => {
    const work = { forward: 1e-4, backward: 2e-4, loss: 1e-4, update: 5e-5, parameters: 5000 };
    const edges = [0, 1, 2].map((from) => ({ from, to: from + 1, bytes: 4000 }));
    const staged = { microBatches: 8, stages: new Array<typeof work>(4).fill(work), edges };
    const counts = { gradients: 1, losses: 3, scalars: 4, decisions: 1, agreements: 1 };
    const iteration = inStages(staged, counts);
    for (const ranks of [4, 8]) {
      const { seconds } = await simulate(iteration, even, ranks);
      expect(Math.abs(seconds / predict(iteration, even, ranks).seconds - 1)).toBeLessThan(0.05);
    }
  });
});

test("nothing is spent twice: what a pass is spent on adds up to it, but for work that more ranks share", () => {
  const pass = uneven(4, 6, 4000);
  for (const copies of [1, 2, 4, 8]) {
    const { seconds, terms } = predict(only(pass), even, 4 * copies, [1, 1.2]);
    const work = pass.forward.reduce((sum, one, stage) => sum + one + pass.backward![stage]!, 0);
    const shared = (6 * work) / (4 * copies);
    const spent = Object.values(terms).reduce((sum, one) => sum + one, 0);
    expect(shared + spent).toBeCloseTo(seconds, 12);
  }
});

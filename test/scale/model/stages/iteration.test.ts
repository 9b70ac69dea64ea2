import { expect, test } from "vitest";

import type { RunParts } from "../../../../src/report/parts.js";
import { forecastInStages, extrapolatedInStages } from "../../../../src/scale/model/stages/forecast.js";
import { countedOf, inStages } from "../../../../src/scale/model/stages/iteration.js";
import type { StagedNetwork } from "../../../../src/scale/model/stages/iteration.js";
import type { Network } from "../../../../src/scale/model/links.js";

const work = { forward: 1e-3, backward: 2e-3, loss: 1e-3, update: 4e-3, parameters: 1000 };
const network: Network = {
  name: "measured",
  ranksPerHost: 8,
  memory: false,
  sharedUplink: true,
  links: {
    memory: { latency: 1e-5, overhead: 1e-6, perByte: 1e-10 },
    host: { latency: 1e-5, overhead: 1e-6, perByte: 1e-10 },
    network: { latency: 1e-5, overhead: 1e-6, perByte: 1e-10 },
  },
};

function staged(stages: number): StagedNetwork {
  return {
    microBatches: 2 * stages,
    stages: Array.from({ length: stages }, (_, stage) =>
      stage === stages - 1 ? { ...work, forward: 0, backward: 3e-3 } : work,
    ),
    edges: Array.from({ length: stages - 1 }, (_, from) => ({ from, to: from + 1, bytes: 4000 })),
  };
}

/** Ten steps of 50 ms, of each so many calls on rank 0. */
function run(ranks: number, calls: Readonly<Record<string, { calls: number; messages?: number }>>): RunParts {
  const parts = { host: "here", seconds: 0.5, computing: 0.5, waiting: 0, moving: 0, deciding: 0 };
  const ofTen = Object.entries(calls).map(([name, { calls: made, messages = 0 }]) => [
    name,
    { calls: 10 * made, messages: 10 * messages, bytes: 0, waiting: 0, moving: 0 },
  ]);
  const rank = { ...parts, calls: Object.fromEntries(ofTen) as RunParts["ranks"][number]["calls"] };
  return { steps: 10, skipped: 5, ranks: Array.from({ length: ranks }, (_, r) => ({ rank: r, ...rank })) };
}

test("passes are counted by what the first stage sends and receives", () => {
  // Two passes there and back and three there, of four micro-batches.
  const alone = run(2, { pointToPoint: { calls: 28, messages: 20 }, allreduce: { calls: 9 } });
  expect(countedOf(staged(2), alone)).toEqual({
    gradients: 2,
    losses: 3,
    scalars: expect.closeTo(3.8, 9) as number,
    decisions: 0,
    agreements: 0.2,
  });
  // A copy has two of the micro-batches, and the first receives the sums of the other.
  const counted = { gradients: 1, losses: 1, scalars: 0, decisions: 1, agreements: 0 };
  const copies = run(4, {
    pointToPoint: { calls: 2 * 2 + 2 + 1, messages: 4 },
    broadcast: { calls: 1 },
    broadcastObject: { calls: 1 },
  });
  expect(countedOf(staged(2), copies)).toEqual(counted);
  // Or sends its own as well.
  const exchanging = run(4, {
    pointToPoint: { calls: 2 * 2 + 2 + 1 + 1, messages: 5 },
    broadcastObject: { calls: 1 },
  });
  expect(countedOf(staged(2), exchanging)).toEqual(counted);
});

test("an iteration is passes, each with its losses, what stages tell each other, and what each does of its own", () => {
  const iteration = inStages(staged(2), { gradients: 1, losses: 0, scalars: 2, decisions: 0, agreements: 1 });
  expect(iteration.map(({ name, times }) => [name, times])).toEqual([
    ["gradient", 1],
    ["scalars", 2],
    ["update", 1],
    ["agreement", 1],
  ]);
  expect(iteration[0]).toMatchObject({
    among: 2,
    call: { kind: "allreduce", bytes: 16 },
    pass: { sums: [4008, 4008] },
  });
});

/** A gradient a step; of two copies each has half of the micro-batches. */
const adam = (ranks: number) =>
  run(ranks, {
    pointToPoint: ranks === 4 ? { calls: 5, messages: 2 } : { calls: 8, messages: 4 },
    allreduce: { calls: 1 },
  });
const probe = (stages: number, ranks = stages) => ({
  ...{ ranks, network, staged: staged(stages), seconds: 1, slowdown: ranks === 2 ? 1 : 2, pauses: [0] },
  cuts: [staged(2), staged(4)],
});

test("what is predicted of what was probed is the critical path, with what ranks that share cores slow down", () => {
  const counted = (ranks: number) => (ranks === 3 ? undefined : adam(ranks));
  const found = forecastInStages([probe(2), probe(3), probe(2, 4)], counted);
  expect([...found.keys()]).toEqual([2, 4]); // no run on 3 ranks came to its end
  const two = found.get(2)!;
  expect(two.compute).toBeCloseTo((4 + 1) * 3e-3 + 4e-3, 12);
  // Each copy has two micro-batches; while all ranks compute it takes twice as long.
  expect(found.get(4)!.compute).toBeGreaterThan((2 + 1) * 3e-3 + 2 * 4e-3);
  expect(found.get(4)!.compute).toBeLessThan(2 * ((2 + 1) * 3e-3 + 4e-3));
  expect(two.terms["stages that wait for each other (gradient)"]).toBeCloseTo(3e-3, 12);
});

test("more ranks than layers are copies, which is said", () => {
  const { predictions, note } = extrapolatedInStages([probe(2)], adam, network, true);
  expect(predictions.map(({ ranks }) => ranks)).toEqual(Array.from({ length: 12 }, (_, k) => 2 ** (k + 1)));
  expect(note).toBe(
    "The network has too few layers for 8 stages: more ranks than 4 are copies of it, in 4 stages, which share its micro-batches.",
  );
  const [, four, , , , more] = predictions;
  expect(four!.bound).toBe("stages that wait for each other (gradient)");
  expect(more!.terms["too few pieces of work: 8 micro-batches (gradient)"]).toBeGreaterThan(0);
});

test("more ranks are copies of the network as it was cut, where its stages were given", () => {
  const three = { ...probe(3), cuts: [] };
  const { predictions, note } = extrapolatedInStages([three], adam, network, false);
  expect(predictions.map(({ ranks }) => ranks)).toEqual(Array.from({ length: 11 }, (_, k) => 3 * 2 ** k));
  expect(note).toBeUndefined();
});

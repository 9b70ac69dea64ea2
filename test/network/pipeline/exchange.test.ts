import { describe, expect, test } from "vitest";
import type { Communicator } from "../../../src/comm/communicator.js";
import { Exchange } from "../../../src/network/pipeline/exchange.js";
import type { Crossing, StagePlan } from "../../../src/network/stages/plan.js";
import { randomValues } from "../../helpers/compute/compare.js";
import { onGroup } from "../../helpers/comm/groups.js";

/** A plan of which nothing but the crossings is known. */
function planOf(stages: number, crossings: readonly Omit<Crossing, "tensor">[]): StagePlan {
  const numbers = [...crossings.keys()];
  return {
    crossings: crossings.map((crossing, i) => ({ ...crossing, tensor: `h${i}` })),
    stages: Array.from({ length: stages }, (_, s) => ({
      layers: [],
      modelInputs: [],
      takes: numbers.filter((i) => crossings[i]!.to.includes(s)),
      gives: numbers.filter((i) => crossings[i]!.from === s),
      parameters: 0,
      flops: 0,
      activationBytes: 0,
      retains: false,
    })),
    whole: { parameters: 0, activationBytes: 0 },
  };
}

const plan = planOf(4, [
  { shape: [3], from: 0, to: [1] },
  { shape: [2, 2], from: 0, to: [1, 3] }, // to two stages, past one of them
  { shape: [], from: 1, to: [2] },
  { shape: [5], from: 1, to: [2, 3] },
  { shape: [70_000], from: 2, to: [3] }, // too long to be copied
]);

const ROWS = [2, 3, 1, 2];
const sizes = [3, 4, 1, 5, 70_000];
/** What is given of a micro-batch, and the gradient by it that a stage sends back. */
const value = (crossing: number, c: number) => randomValues(ROWS[c]! * sizes[crossing]!, 10 * crossing + c);
const gradient = (crossing: number, c: number, stage: number) =>
  randomValues(ROWS[c]! * sizes[crossing]!, 1000 + 100 * stage + 10 * crossing + c);

/** All activations of all micro-batches, then all cotangents, the buffers of one micro-batch used again for the next. */
async function exchange(pipeline: Communicator): Promise<void> {
  const own = new Exchange(pipeline, plan);
  const { rank } = pipeline;
  const { takes, gives } = plan.stages[rank]!;
  for (const [c, rows] of ROWS.entries()) {
    const { vectors, release } = await own.takeActivations(rows);
    expect(vectors.map((vector) => [...vector])).toEqual(takes.map((i) => [...value(i, c)]));
    release();
    const given = own.activations(rows);
    gives.forEach((i, place) => {
      given.vectors[place]!.set(value(i, c));
    });
    given.send();
    await own.settle(2 * own.activationMessages);
  }
  for (const [c, rows] of ROWS.entries()) {
    const { vectors, release } = await own.takeCotangents(rows);
    const sums = gives.map((i) => {
      const [first, ...others] = plan.crossings[i]!.to.map((stage) => gradient(i, c, stage));
      return others.reduce((sum, other) => sum.map((x, j) => x + other[j]!), first!);
    });
    expect(vectors.map((vector) => [...vector])).toEqual(sums.map((sum) => [...sum]));
    release();
    const back = own.cotangents(rows);
    takes.forEach((i, place) => {
      back.vectors[place]!.set(gradient(i, c, rank));
    });
    back.send();
  }
  await own.settle();
}

describe("what stages tell each other", () => {
  test.each(["memory", "shared", "ipc"] as const)(
    "arrives whole and in order, and cotangents are summed, over %s",
    async (kind) => {
      await onGroup(kind, 4, exchange);
    },
  );

  test("goes in one message a micro-batch for each pair of stages", async () => {
    const sent = await onGroup("ipc", 4, async (pipeline) => {
      await exchange(pipeline);
      return pipeline.traffic.messagesSent;
    });
    // 0 → 1, 3; 1 → 2, 3 and back to 0. What 2 and 3 exchange is cut in parts.
    expect(sent.slice(0, 2)).toEqual([2 * ROWS.length, 3 * ROWS.length]);
  });
});

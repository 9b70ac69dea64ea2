import { describe, expect, test } from "vitest";

import { walk, type Carried, type Pass } from "../../../../src/scale/model/stages/walk.js";

const free = (): Carried => ({ latency: 0, overhead: 0, moving: 0, isRead: false });
const chain = (stages: number, bytes = 0) =>
  Array.from({ length: stages - 1 }, (_, from) => ({ from, to: from + 1, bytes }));

/** Stages that take the same time, which on the last comes with the way back. */
function even(stages: number, microBatches: number): Pass {
  const last = stages - 1;
  return {
    microBatches,
    forward: Array.from({ length: stages }, (_, stage) => (stage === last ? 0 : 1)),
    backward: Array.from({ length: stages }, (_, stage) => (stage === last ? 3 : 2)),
    edges: chain(stages),
  };
}

const secondsOf = (...given: Parameters<typeof walk>) => Math.max(...walk(...given));

describe("the critical path of a pass", () => {
  test.each([
    [1, 4],
    [2, 2],
    [2, 8],
    [4, 4],
    [4, 8],
    [5, 32],
    [8, 16],
  ])("through %i equal stages has the bubble of the formula, with %i micro-batches", (stages, count) => {
    const seconds = secondsOf(even(stages, count), free);
    expect(1 - (3 * count) / seconds).toBeCloseTo((stages - 1) / (count + stages - 1), 12);
  });

  test("of one micro-batch is all it meets on its way, there and back", () => {
    const pass = { microBatches: 1, forward: [1, 2, 0], backward: [5, 3, 4], edges: chain(3, 100) };
    const carried = ({ bytes }: { bytes: number }) => ({
      latency: 10,
      overhead: 1,
      moving: bytes / 100,
      isRead: false,
    });
    expect(walk(pass, carried)).toEqual([63, 46, 31]);
  });

  test("is as long as its slowest stage is at work, where others have the time", () => {
    const pass = { microBatches: 20, forward: [0.1, 1, 0], backward: [0.1, 2, 0.1], edges: chain(3) };
    expect(secondsOf(pass, free)).toBeCloseTo(0.1 + 20 * 3 + 0.1, 9);
  });

  test("only there goes through all stages once", () => {
    const pass = { microBatches: 6, forward: [1, 2, 1], edges: chain(3) };
    expect(walk(pass, free)).toEqual([6, 13, 14]);
  });

  test("takes one message at a time: where links are slower than stages, they decide", () => {
    const pass = { microBatches: 10, forward: [1, 1], edges: chain(2, 1) };
    const slow = { latency: 0, overhead: 1, moving: 2, isRead: false };
    expect(secondsOf(pass, () => slow)).toBe(1 + 10 * 3 + 1);
    expect(secondsOf(pass, () => ({ ...slow, isRead: true }))).toBe(1 + 10 * 3 + 1); // by its receiver
  });

  test("waits for stages that give to several", () => {
    const edges = [...chain(3), { from: 0, to: 2, bytes: 5 }];
    const late = ({ bytes }: { bytes: number }) => ({ ...free(), latency: bytes });
    expect(walk({ microBatches: 1, forward: [1, 1, 1], edges }, late)).toEqual([1, 2, 7]);
  });

  test("is longer while stages that share cores compute at once, and only then", () => {
    const pass = { microBatches: 2, forward: [1, 1], edges: chain(2) };
    const cores = { of: () => 0, pace: (computing: number) => computing };
    expect(walk(pass, free, cores)).toEqual([3, 4]); // as long as all work of one core
    expect(walk(pass, free, { ...cores, of: (stage: number) => stage })).toEqual([2, 3]);
  });
});

import { describe, expect, test } from "vitest";

import {
  evaluating,
  preconditioned,
  walking,
  type Call,
  type Compute,
  type Iteration,
} from "../../../src/scale/model/iteration.js";
import type { Network } from "../../../src/scale/model/links.js";
import { predict } from "../../../src/scale/model/predict.js";
import { Clock } from "../../../src/scale/simulation/clock.js";
import { simulate } from "../../../src/scale/simulation/simulate.js";

/** Links that are all alike, and nobody's to share. */
const even: Network = {
  name: "even",
  ranksPerHost: 1,
  memory: false,
  sharedUplink: false,
  links: {
    memory: { latency: 5e-6, overhead: 1e-6, perByte: 1e-10 },
    host: { latency: 5e-6, overhead: 1e-6, perByte: 1e-10 },
    network: { latency: 20e-6, overhead: 3e-6, perByte: 1e-9 },
  },
};
const oneHost: Network = { ...even, ranksPerHost: 4096 };

const compute: Compute = {
  gradient: { fixed: 1e-4, perSample: 2e-6 },
  loss: { fixed: 5e-5, perSample: 1e-6 },
  update: 3e-5,
};

const only = (call: Call): Iteration => [{ name: "call", times: 1, call }];

/** Messages of one frame on equal links and ranks that are a power of two: there nothing is left out of the model. */
const exact: readonly (readonly [string, Network, Iteration, readonly number[]])[] = [
  ["a sum", even, only({ kind: "sum", chunks: 64, bytes: 40_008 }), [2, 8, 32, 64]],
  ["a sum of few chunks", even, only({ kind: "sum", chunks: 16, bytes: 8 }), [2, 4, 16]],
  ["a sum within a host", oneHost, only({ kind: "sum", chunks: 64, bytes: 40_008 }), [4, 16, 64]],
  ["a judged sum", even, only({ kind: "sum", chunks: 256, bytes: 8, decision: 64 }), [2, 16, 64, 256]],
  [
    "an allgather",
    even,
    only({ kind: "allgather", runs: new Array<number>(64).fill(2000) }),
    [2, 8, 16, 32, 64],
  ],
  ["an allreduce", even, only({ kind: "allreduce", bytes: 8 }), [2, 16, 128]],
];

describe("where nothing is shared and nothing is drawn, the simulation takes the model's time:", () => {
  test.each(exact)("%s", async (_, network, iteration, sizes) => {
    for (const ranks of sizes) {
      const { seconds } = await simulate(iteration, network, ranks);
      expect(seconds / predict(iteration, network, ranks).seconds).toBeCloseTo(1, 9);
    }
  });

  test("iterations of all families, but for what one call has left at the next", async () => {
    const batch = { samples: 16_000, chunks: 16, parameters: 5000 };
    const counts = { gradients: 2, losses: 3, decisions: 3, agreements: 1 };
    const sizes = new Array<number>(16).fill(312);
    const families = [
      evaluating(batch, { gradients: 1, losses: 0, decisions: 0, agreements: 1 }, compute),
      evaluating(batch, counts, compute),
      preconditioned(batch, counts, { sizes, seconds: sizes.map((_, i) => (1 + (i % 3)) * 1e-3) }, compute),
      walking(batch, { shards: 16, steps: 8, agreements: 1 }, compute),
    ];
    for (const iteration of families)
      for (const ranks of [1, 2, 4, 8, 16]) {
        const { seconds } = await simulate(iteration, even, ranks);
        expect(seconds / predict(iteration, even, ranks).seconds).toBeCloseTo(1, 2);
      }
  });
});

describe("what is drawn", () => {
  const iteration = only({ kind: "sum", chunks: 32, bytes: 20_008 });
  const work: Iteration = [{ ...iteration[0]!, work: { pieces: 32, seconds: 1e-3 } }];

  test("is the same for the same seed, and makes no iteration shorter", async () => {
    const quiet = await simulate(work, even, 32);
    const options = { jitter: 0.5, iterations: 3 };
    const one = await simulate(work, even, 32, { ...options, seed: 1 });
    expect(await simulate(work, even, 32, { ...options, seed: 1 })).toEqual(one);
    expect((await simulate(work, even, 32, { ...options, seed: 2 })).seconds).not.toBe(one.seconds);
    expect(one.seconds).toBeGreaterThan(quiet.seconds);
  });

  test("stragglers hold up everybody, by what they take longer", async () => {
    const quiet = await simulate(work, even, 32);
    const held = await simulate(work, even, 32, { stragglers: { share: 1, factor: 3 } });
    expect(held.seconds - quiet.seconds).toBeCloseTo(2e-3, 9);
  });

  test("hosts whose ranks share an uplink take turns on it", async () => {
    const hosts = { ...even, ranksPerHost: 8 };
    const own = await simulate(only({ kind: "allreduce", bytes: 40_000 }), hosts, 64);
    const shared = await simulate(
      only({ kind: "allreduce", bytes: 40_000 }),
      { ...hosts, sharedUplink: true },
      64,
    );
    const { seconds } = predict(
      only({ kind: "allreduce", bytes: 40_000 }),
      { ...hosts, sharedUplink: true },
      64,
    );
    expect(shared.seconds).toBeGreaterThan(2 * own.seconds);
    expect(Math.abs(shared.seconds / seconds - 1)).toBeLessThan(0.1);
  });

  test("a program that waits for what nobody sends is an error", async () => {
    const clock = new Clock();
    await expect(clock.run([() => new Promise<void>(() => undefined)])).rejects.toThrow("nobody sends");
  });
});

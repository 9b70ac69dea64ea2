import { describe, expect, test } from "vitest";

import { chunkedSum, chunkedSumCost } from "../../src/comm/chunked-sum.js";
import { allgatherCost } from "../../src/comm/collectives/allgather.js";
import { allreduceCost } from "../../src/comm/collectives/allreduce.js";
import { barrierCost } from "../../src/comm/collectives/barrier.js";
import { broadcastCost } from "../../src/comm/collectives/broadcast.js";
import type { Cost, Placement } from "../../src/comm/collectives/cost.js";
import { gatherCost } from "../../src/comm/collectives/gather.js";
import { inOrderCost } from "../../src/comm/collectives/in-order.js";
import { allgatherObjectCost, broadcastObjectCost } from "../../src/comm/collectives/objects.js";
import { reduceCost } from "../../src/comm/collectives/reduce.js";
import { reduceScatterCost } from "../../src/comm/collectives/reduce-scatter.js";
import { scatterCost } from "../../src/comm/collectives/scatter.js";
import type { Communicator } from "../../src/comm/index.js";
import { packObject } from "../../src/comm/packing.js";
import { groupOnHosts } from "../helpers/comm/hosts.js";

/*
 * What a collective is said to send is what a real run of it sends, counted: at sizes on both sides of all bounds between
 * algorithms and between one frame and several.
 */

interface Case {
  readonly run: (comm: Communicator) => Promise<unknown>;
  readonly cost: (place: Placement) => Cost;
}

const LENGTHS = [0, 1, 2500, 20_000, 90_000, 300_000];

/** Uneven runs, some of them empty. */
function countsOf(length: number, ranks: number): number[] {
  const counts = Array.from({ length: ranks }, (_, r) =>
    r % 3 === 2 ? 0 : Math.floor(length / (ranks + r)),
  );
  counts[0]! += length - counts.reduce((a, b) => a + b);
  return counts;
}

function casesOf(length: number, ranks: number): Record<string, Case> {
  const bytes = 4 * length;
  const counts = countsOf(length, ranks);
  const runs = counts.map((count) => 4 * count);
  const whole = () => new Float32Array(length);
  const mine = ({ rank }: Communicator) => new Float32Array(counts[rank]!);
  const object = { text: "x".repeat(length) };
  const packed = packObject(object).byteLength;
  return {
    broadcast: { run: (comm) => comm.broadcast(whole()), cost: (place) => broadcastCost(place, bytes) },
    allgather: {
      run: (comm) => comm.allgatherv(mine(comm), counts, whole()),
      cost: (place) => allgatherCost(place, runs),
    },
    allreduce: {
      run: (comm) => comm.allreduce(whole(), "sum"),
      cost: (place) => allreduceCost(place, bytes),
    },
    reduce: { run: (comm) => comm.reduce(whole(), "sum"), cost: (place) => reduceCost(place, bytes) },
    "reduce in order": {
      run: (comm) => comm.reduce(whole(), () => undefined),
      cost: (place) => inOrderCost(place, bytes),
    },
    reduceScatter: {
      run: (comm) => comm.reduceScatter(whole(), "sum", counts, mine(comm)),
      cost: (place) => reduceScatterCost(place, runs),
    },
    gather: {
      run: (comm) => comm.gatherv(mine(comm), counts, whole()),
      cost: (place) => gatherCost(place, runs),
    },
    scatter: {
      run: (comm) => comm.scatterv(whole(), counts, mine(comm)),
      cost: (place) => scatterCost(place, runs),
    },
    barrier: { run: (comm) => comm.barrier(), cost: barrierCost },
    broadcastObject: {
      run: (comm) => comm.broadcastObject(object),
      cost: (place) => broadcastObjectCost(place, packed),
    },
    allgatherObject: {
      run: (comm) => comm.allgatherObject(object),
      cost: (place) => {
        const all = Array.from({ length: ranks }, () => packObject(object));
        return allgatherObjectCost(place, packed, packObject(all).byteLength);
      },
    },
    ...Object.fromEntries(
      [1, 3, 8, 24].map((chunks) => [
        `sum of ${chunks} chunks`,
        {
          run: (comm: Communicator) =>
            chunkedSum(comm, chunks, (_, partial) => Promise.resolve(partial.fill(1).length), whole()),
          cost: (place: Placement) => chunkedSumCost(place, chunks, bytes + 8),
        },
      ]),
    ),
  };
}

/** Frames and bytes that all ranks together have sent in each case. */
async function counted({ ranks, perHost }: Placement, cases: readonly Case[]) {
  const group = groupOnHosts(ranks, perHost);
  const traffic = await Promise.all(
    group.map(async (comm) => {
      const sent = [];
      for (const { run } of cases) {
        const before = comm.traffic;
        await run(comm);
        const { messagesSent, bytesSent } = comm.traffic;
        sent.push({ frames: messagesSent - before.messagesSent, bytes: bytesSent - before.bytesSent });
      }
      return sent;
    }),
  );
  await Promise.all(group.map((comm) => comm.close()));
  return cases.map((_, i) =>
    traffic.reduce(
      (sum, sent) => ({ frames: sum.frames + sent[i]!.frames, bytes: sum.bytes + sent[i]!.bytes }),
      { frames: 0, bytes: 0 },
    ),
  );
}

async function check(place: Placement, lengths: readonly number[]): Promise<void> {
  for (const length of lengths) {
    const cases = casesOf(length, place.ranks);
    const sent = await counted(place, Object.values(cases));
    for (const [i, [name, { cost }]] of Object.entries(cases).entries()) {
      const { frames, bytes } = cost(place);
      expect({ name, length, frames, bytes }).toEqual({ name, length, ...sent[i] });
    }
  }
}

describe("what is said to be sent is sent", () => {
  test.each([1, 2, 3, 4, 5, 8, 17, 20])("by %i ranks of one host", async (ranks) => {
    await check({ ranks, perHost: ranks, memory: false }, LENGTHS);
  });

  test.each([2, 3, 4, 8, 17])("by %i ranks, each on a host of its own", async (ranks) => {
    await check({ ranks, perHost: 1, memory: false }, LENGTHS);
  });

  test.each([
    [4, 2],
    [8, 4],
    [16, 4],
  ])("by %i ranks on hosts of %i, while no frame is cut anew on its way", async (ranks, perHost) => {
    await check({ ranks, perHost, memory: false }, LENGTHS.slice(0, 4));
  });
});

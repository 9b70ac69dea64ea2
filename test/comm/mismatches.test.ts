import { describe, expect, test } from "vitest";

import type { Communicator } from "../../src/comm/index.js";
import { openGroup, type TransportKind } from "../helpers/comm/groups.js";

/*
 * Ranks that disagree, and ranks that leave: a named error on all ranks, at once, and a closed communicator after it.
 */

type Program = (comm: Communicator) => Promise<unknown>;

const floats = (length: number): Float32Array => new Float32Array(length);

/** Runs one program a rank on a fresh group; returns what each rank threw, none of them at the deadline of its call. */
async function errorsOf(kind: TransportKind, programs: readonly Program[]): Promise<Error[]> {
  const group = await openGroup(kind, programs.length, { timeoutSeconds: 60 });
  try {
    const outcomes = await Promise.allSettled(
      group.map(async (comm, rank) => {
        await comm.barrier();
        await programs[rank]!(comm);
        await comm.barrier(); // a rank that noticed nothing meets the error here
      }),
    );
    return outcomes.map((outcome) => {
      expect(outcome.status).toBe("rejected");
      const error = (outcome as PromiseRejectedResult).reason as Error;
      expect(error.name, error.message).not.toBe("CommunicationTimeoutError");
      return error;
    });
  } finally {
    await Promise.all(group.map((comm) => comm.close()));
  }
}

const allreduce: Program = (comm) => comm.allreduce(floats(10), "sum");
const broadcastFrom =
  (root: number): Program =>
  (comm) =>
    comm.broadcast(floats(10), root);

const CASES: [name: string, programs: readonly Program[], message: RegExp][] = [
  [
    "another collective",
    [allreduce, (comm) => comm.barrier(), allreduce],
    /rank 0 called allreduce #2 \(10 float32, sum\) where rank 1 called barrier #2|rank 1 called barrier #2 where rank 2 called allreduce #2 \(10 float32, sum\)/,
  ],
  [
    "another count",
    [allreduce, allreduce, (comm) => comm.allreduce(floats(11), "sum")],
    /rank [01] called allreduce #2 \(10 float32, sum\) where rank 2 called allreduce #2 \(11 float32, sum\)/,
  ],
  [
    "a count that takes another algorithm",
    [allreduce, (comm) => comm.allreduce(floats(1e6), "sum")],
    /rank 0 called allreduce #2 \(10 float32, sum\) where rank 1 called allreduce #2 \(1000000 float32, sum\)/,
  ],
  [
    "another type",
    [allreduce, (comm) => comm.allreduce(new Int32Array(10), "sum")],
    /\(10 float32, sum\) where rank 1 called allreduce #2 \(10 int32, sum\)/,
  ],
  [
    "another operation",
    [allreduce, (comm) => comm.allreduce(floats(10), "max")],
    /\(10 float32, sum\) where rank 1 called allreduce #2 \(10 float32, max\)/,
  ],
  [
    "other roots, so that both send",
    [broadcastFrom(0), broadcastFrom(1)],
    /rank 0 called broadcast #2 \(10 float32, root 0\) where rank 1 called broadcast #2 \(10 float32, root 1\)/,
  ],
  [
    "other roots, so that both wait",
    [broadcastFrom(1), broadcastFrom(0)],
    /rank 0 called broadcast #2 \(10 float32, root 1\) where rank 1 called broadcast #2 \(10 float32, root 0\)/,
  ],
  [
    "other counts of one sum",
    [
      (comm) => comm.allgatherv(floats(1), [1, 2], floats(3)),
      (comm) => comm.allgatherv(floats(1), [2, 1], floats(3)),
    ],
    /rank 0 called allgather #2 \(3 float32, counts [0-9a-f]+\) where rank 1 called allgather #2 \(3 float32, counts/,
  ],
  [
    "a call more",
    [allreduce, allreduce, (comm) => allreduce(comm).then(() => allreduce(comm))],
    /called barrier #3 where rank 2 called allreduce #3/,
  ],
  [
    "a message of another length",
    [(comm) => comm.send(1, 4, floats(10)), (comm) => comm.recv(0, 4, floats(12))],
    /Expected a message of 12 float32 from rank 0 under tag 4 on rank 1, but rank 0 sent 10 float32/,
  ],
  [
    "a message of another type",
    [(comm) => comm.send(1, 4, floats(10)), (comm) => comm.recv(0, 4, new Int32Array(10))],
    /Expected a message of 10 int32 from rank 0 under tag 4 on rank 1, but rank 0 sent 10 float32/,
  ],
];

describe.each(["memory", "ipc"] as const)("over %s", (kind) => {
  test.each(CASES)(
    "%s is one error that names both sides, on all ranks at once",
    async (_, programs, message) => {
      const errors = await errorsOf(kind, programs);
      for (const error of errors) {
        expect(error.name, error.message).toBe("CollectiveMismatchError");
        expect(error.message).toMatch(message);
      }
    },
  );

  test("a rank that leaves early is lost to who waits for it, directly or not", async () => {
    const group = await openGroup(kind, 3);
    const outcomes = await Promise.allSettled(
      group.map(async (comm) => {
        await comm.barrier();
        if (comm.rank === 2) await comm.close();
        else await comm.allreduce(floats(100_000), "sum");
      }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    for (const outcome of outcomes.slice(0, 2)) {
      const error = (outcome as PromiseRejectedResult).reason as Error;
      expect(error.name).toBe("PeerLostError");
      expect(error.message).toMatch(
        /^Rank 2 closed its communicator and left, last heard of \d+\.\d s ago(, reports rank \d)?(, while rank \d waits for rank \d in (barrier #1|allreduce #2 .*))?\.$/,
      );
    }
    await Promise.all(group.map((comm) => comm.close()));
  });

  test("a rank that leaves when all is done disturbs nobody", async () => {
    const group = await openGroup(kind, 4);
    await Promise.all(
      group.map(async (comm) => {
        await comm.barrier();
        if (comm.rank !== 1) {
          await new Promise((resolve) => setTimeout(resolve, 700 - 200 * comm.rank));
          const [near, far] = comm.rank === 0 ? [2, 3] : [0, comm.rank];
          if (comm.rank < 3) await comm.sendrecv(near, 1, floats(1), near, 1, floats(1));
          expect(far).toBeDefined();
        }
        await comm.close();
      }),
    );
  });

  test("a call past its deadline says who waited for whom, in what, how long", async () => {
    const group = await openGroup(kind, 3, { timeoutSeconds: 0.5 });
    const outcomes = await Promise.allSettled(
      group.slice(0, 2).map((comm) => (comm.rank === 0 ? comm.recv(2, 9, floats(3)) : comm.barrier())),
    );
    const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
    const late = errors.find(({ name }) => name === "CommunicationTimeoutError");
    expect(late!.message).toMatch(
      /^Rank \d waited (?!0\.[0-4])\d+\.\d s for rank \d in (recv from rank 2 \(3 float32, tag 9\)|barrier #1) and gave up at the deadline of 0\.5 s/,
    );
    for (const error of errors) expect(["CommunicationTimeoutError", "PeerLostError"]).toContain(error.name);
    await Promise.all(group.map((comm) => comm.close()));
  });

  test("a function that throws ends the call on all ranks", async () => {
    const group = await openGroup(kind, 3);
    const outcomes = await Promise.allSettled(
      group.map((comm) =>
        comm.allreduce(floats(4), () => {
          throw new RangeError("not today");
        }),
      ),
    );
    const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
    expect(errors.map(({ name }) => name).sort()).toContain("RangeError");
    for (const { name, message } of errors.filter(({ name }) => name !== "RangeError")) {
      expect(name).toBe("PeerLostError");
      expect(message).toMatch(
        /^Rank \d failed in allreduce #1 \(4 float32, function\): RangeError: not today, reports/,
      );
    }
    await Promise.all(group.map((comm) => comm.close()));
  });

  test("a group from split closes by itself, and the ranks go on", async () => {
    const group = await openGroup(kind, 3);
    await Promise.all(
      group.map(async (comm) => {
        const pair = (await comm.split(comm.rank === 2 ? 1 : 0, 0))!;
        await pair.barrier();
        await pair.close();
        await expect(pair.barrier()).rejects.toThrow(
          "Expected an open communicator, but this group was closed.",
        );
        expect((await comm.allreduce(new Int32Array([1]), "sum"))[0]).toBe(3);
        const again = (await comm.split(0, -comm.rank))!;
        expect((await again.broadcast(new Int32Array([again.rank]), 2))[0]).toBe(2);
      }),
    );
    await Promise.all(group.map((comm) => comm.close()));
  });

  test("a closed communicator refuses calls, and closing rejects calls in progress", async () => {
    const group = await openGroup(kind, 2);
    const waiting = expect(group[0]!.barrier()).rejects.toThrow(
      "Rank 0 closed its communicator during barrier #1.",
    );
    await group[0]!.close();
    await waiting;
    await group[0]!.close();
    await expect(group[0]!.barrier()).rejects.toThrow(
      "Expected an open communicator, but rank 0 has closed it.",
    );
    await group[1]!.close();
  });
});

describe("arguments", () => {
  const refused: [string, Program, string][] = [
    [
      "a root that is no rank",
      broadcastFrom(2),
      "Expected root of broadcast to be a rank from 0 to 1, got 2.",
    ],
    [
      "a tag below zero",
      (c) => c.send(0, -1, floats(1)),
      "Expected the tag of send to be an integer from 0 to 2^31 − 2, got -1.",
    ],
    [
      "data where the tag should be, which are not written out",
      (c) => c.send(0, floats(1000) as unknown as number, floats(1)),
      "Expected the tag of send to be an integer from 0 to 2^31 − 2, got Float32Array.",
    ],
    [
      "counts for other ranks",
      (c) => c.allgatherv(floats(1), [1], floats(1)),
      "Expected counts of allgather to have one entry for each of 2 ranks, got 1.",
    ],
    [
      "counts below zero",
      (c) => c.allgatherv(floats(2), [2, -1], floats(1)),
      "Expected counts of allgather to be integers ≥ 0, got -1.",
    ],
    [
      "an array of the wrong length",
      (c) => c.allgatherv(floats(3), [2, 2], floats(4)),
      "Expected mine of allgather to have 2 elements, got 3.",
    ],
    [
      "arrays of two types",
      (c) => c.allgather<Float32Array | Int32Array>(floats(1), new Int32Array(2)),
      "Expected all of allgather to be float32, got int32.",
    ],
    [
      "2 GiB",
      (c) => c.broadcast(new Uint8Array(2 ** 31)),
      "Expected data of broadcast to be below 2 GiB, got 2147483648 bytes. Send it in several calls.",
    ],
  ];

  test.each(refused)("%s is refused, and the communicator stays open", async (_, program, message) => {
    const [comm, other] = await openGroup("memory", 2);
    await expect(program(comm!)).rejects.toThrow(message);
    await Promise.all([comm!.barrier(), other!.barrier()]);
  });

  test("a root without the array to scatter", async () => {
    const [comm] = await openGroup("memory", 1);
    await expect(comm!.scatter(undefined, floats(1))).rejects.toThrow(
      "Expected the root of scatter to pass `all`, got undefined.",
    );
  });
});

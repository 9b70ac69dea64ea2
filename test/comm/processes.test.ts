import { describe, expect, test } from "vitest";

import { RankProcesses, type RankReport } from "../helpers/comm/processes.js";

/*
 * Real processes and sockets, and what ends them. The figures of issue 3 bound the time until a loss is known, by the
 * clock of who finds it; until a busy machine has let everyone say what there is to say takes longer.
 */
const PATIENCE = 40;

/** Runs a scenario and the test of it; nothing is left running. */
async function withRanks(
  scenario: string,
  size: number,
  body: (ranks: RankProcesses) => Promise<void>,
  options?: Parameters<typeof RankProcesses.start>[2],
): Promise<void> {
  const ranks = await RankProcesses.start(scenario, size, options);
  try {
    await body(ranks);
  } finally {
    await ranks[Symbol.asyncDispose]();
  }
}

function expectLost(failures: readonly RankReport[], lost: number, since: number, seconds: number): void {
  for (const { name, message, at, rank } of failures) {
    expect(name, message).toBe("PeerLostError");
    expect(message).toMatch(new RegExp(`^Rank ${lost} `));
    expect(message).toMatch(
      new RegExp(
        `, last heard of .* s ago.*, (while rank ${rank} waits for rank \\d in|when rank ${rank} called) \\w+`,
      ),
    );
    expect(at - since).toBeLessThan(seconds * 1000);
  }
}

describe("a rank killed by SIGKILL", () => {
  test.each(["small messages", "large messages", "ring of large messages"])(
    "amid %s is lost to all others within 3 s, and they end",
    async (scenario) => {
      await withRanks(scenario, 4, async (ranks) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        const killed = Date.now();
        ranks.kill(2, "SIGKILL");
        expectLost(await ranks.all("failed", [0, 1, 3], PATIENCE), 2, killed, 3);
        for (const { name, message } of await ranks.all("closed", [0, 1, 3], PATIENCE)) {
          expect(name).toBe("CommunicatorClosedError");
          expect(message).toContain("closed by an earlier error: Rank 2 ");
        }
        expect(await ranks.end(PATIENCE)).toEqual([0, 0, null, 0]);
      });
    },
    300_000,
  );

  test("is lost to those who wait for another", async () => {
    await withRanks("waiting", 4, async (ranks) => {
      const killed = Date.now();
      ranks.kill(2, "SIGKILL");
      expectLost(await ranks.all("failed", [1, 3], PATIENCE), 2, killed, 3);
    });
  }, 300_000);
});

test("a stopped rank is lost within 10 s", async () => {
  await withRanks("small messages", 3, async (ranks) => {
    const stopped = Date.now();
    ranks.kill(1, "SIGSTOP");
    expectLost(await ranks.all("failed", [0, 2], PATIENCE), 1, stopped, 10);
  });
}, 300_000);

test("a rank that computes for long is not lost", async () => {
  await withRanks("busy", 3, async (ranks) => {
    await ranks.all("done", [0, 1, 2], PATIENCE);
  });
}, 300_000);

test("a rank that exits without closing is lost", async () => {
  await withRanks("exits early", 3, async (ranks) => {
    expectLost(await ranks.all("failed", [0, 1], PATIENCE), 2, Date.now(), 3);
    expect(await ranks.end(PATIENCE)).toEqual([0, 0, 0]);
  });
}, 300_000);

// Less than is read from memory, and more; 100 messages of the latter fit the window of a channel.
test.each([3000, 20_000])(
  "messages of %i numbers arrive, even if their sender leaves at once and its receiver computes",
  async (length) => {
    await withRanks(
      "sends and leaves",
      2,
      async (ranks) => {
        await ranks.all("done", [1], PATIENCE);
        expect(await ranks.end(PATIENCE)).toEqual([0, 0]);
      },
      { args: [String(length)] },
    );
  },
  300_000,
);

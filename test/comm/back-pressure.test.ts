import { describe, expect, test } from "vitest";

import { RankProcesses } from "../helpers/comm/processes.js";

/*
 * A channel holds 8 MiB under way. What a process takes beyond that is the allocator's: freed frames that it has not
 * given back. So the bound on growth is a small multiple, and far below what is pushed.
 */
const BOUND = 96 << 20;

describe("a sender much faster than its receiver", () => {
  test.each([
    ["small messages", 512, 8 << 10, true],
    ["messages of a megabyte", 2048, 1 << 20, false],
    ["messages of a megabyte, read from its memory,", 2048, 1 << 20, true],
  ])(
    "of %s takes bounded memory on both sides",
    async (_, mebibytes, chunk, sharedMemory) => {
      const ranks = await RankProcesses.start("slow receiver", 2, {
        args: [String(mebibytes), String(chunk)],
        sharedMemory,
      });
      try {
        for (const { bytes, rank } of await ranks.all("peak", [0, 1], 100)) {
          expect(bytes, `growth of rank ${rank}`).toBeLessThan(BOUND);
        }
      } finally {
        await ranks[Symbol.asyncDispose]();
      }
    },
    300_000,
  );
});

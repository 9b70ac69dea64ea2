import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { POINT_TO_POINT } from "../../src/comm/account.js";
import { readParts, type RunParts } from "../../src/report/parts.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";

function expectWhole({ ranks }: RunParts): void {
  for (const { seconds, computing, waiting, moving, deciding } of ranks) {
    for (const part of [computing, waiting, moving, deciding]) expect(part).toBeGreaterThanOrEqual(0);
    expect(computing + waiting + moving + deciding).toBeCloseTo(seconds, 9);
  }
}

describe("the parts of a run's steps", () => {
  it("are measured in every rank, and what it sends is counted", async () => {
    const out = join(temporaryFolder(), "run");
    const values = ["--method", "apts", "--batches", "1", "--epochs", "9", "--subdomains", "2"];
    const { code, stderr } = await runApts(["train", ...SMALL, ...values, "--ranks", "2", "--out", out]);
    expect(code, stderr).toBe(0);
    const parts = (await readParts(out))!;
    expect(parts).toMatchObject({ steps: 4, skipped: 5 });
    expect(parts.ranks.map(({ rank }) => rank)).toEqual([0, 1]);
    expectWhole(parts);
    const [first, second] = parts.ranks;
    // 1000 samples are four chunks, two a rank: they exchange the sum of their two, and the loss.
    const { messages, bytes, calls: made } = second!.calls[POINT_TO_POINT]!;
    expect(messages).toBeGreaterThanOrEqual(parts.steps);
    expect(first!.calls[POINT_TO_POINT]).toMatchObject({ messages, bytes, calls: made });
    expect(made).toBe(2 * messages);
    expect(first!.calls).not.toHaveProperty("broadcast");
    for (const { deciding, calls } of parts.ranks) {
      expect(deciding).toBeGreaterThan(0);
      expect(calls["broadcastObject"]!.calls).toBeGreaterThanOrEqual(parts.steps); // a verdict a step at least
      expect(calls["allgather"]!.calls).toBe(parts.steps); // the slices
    }
  });

  it("are of one rank computing and deciding alone, and of all steps where they are few", async () => {
    const out = join(temporaryFolder(), "run");
    await run(out, { method: "apts", epochs: 3 });
    const parts = (await readParts(out))!;
    expect(parts).toMatchObject({ steps: 3, skipped: 0 });
    expectWhole(parts);
    const [{ computing, waiting, moving, deciding, calls }] = parts.ranks as [RunParts["ranks"][number]];
    expect({ waiting, moving, calls }).toEqual({ waiting: 0, moving: 0, calls: {} });
    expect(computing).toBeGreaterThan(0);
    expect(deciding).toBeGreaterThan(0);
  });

  it("leave out half of the first epoch, or five steps", async () => {
    const skipped = async (epochs: number, batchesPerEpoch: number) => {
      const out = join(temporaryFolder(), "run");
      await run(out, { method: "apts", batches: 8, batchesPerEpoch, epochs });
      const { steps, skipped } = (await readParts(out))!;
      return [steps, skipped];
    };
    expect(await skipped(1, 16)).toEqual([8, 8]);
    expect(await skipped(3, 13)).toEqual([33, 6]);
    expect(await skipped(1, 6)).toEqual([1, 5]);
    expect(await skipped(2, 3)).toEqual([1, 5]);
  });

  it("are those of the steps since it went on", async () => {
    const out = join(temporaryFolder(), "run");
    await run(out, { method: "apts", epochs: 2 });
    await run(out, { method: "apts", epochs: 4 }, { beginning: "resume" });
    expect(await readParts(out)).toMatchObject({ steps: 2, skipped: 0 });
    await run(out, { method: "apts", epochs: 4 }, { beginning: "resume" }); // nothing is left
    expect(await readParts(out)).toMatchObject({ steps: 2, skipped: 0 });
  });
});

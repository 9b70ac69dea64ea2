import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTrace, traceFileOf } from "../../src/report/trace.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";

describe("the trace of a run's steps", () => {
  it("holds what every rank did in them, without gaps, for Perfetto", async () => {
    const out = join(temporaryFolder(), "run");
    const values = ["--method", "apts", "--batches", "1", "--epochs", "12", "--trace", "2"];
    const { code, stderr } = await runApts(["train", ...SMALL, ...values, "--ranks", "2", "--out", out]);
    expect(code, stderr).toBe(0);
    const ranks = (await readTrace(out))!;
    expect(ranks.map(({ rank, steps }) => [rank, ...steps.map(({ step }) => step)])).toEqual([
      [0, 10, 11],
      [1, 10, 11],
    ]);
    for (const { steps } of ranks) {
      for (const { spans } of steps) {
        expect(new Set(spans.map(({ activity }) => activity))).toContain("deciding");
        expect(spans[0]!.activity).toBe("computing");
        for (const [index, { begin, end }] of spans.entries()) {
          expect(end).toBeGreaterThan(begin);
          const next = spans[index + 1];
          if (next) expect(next.begin).toBeCloseTo(end, 2);
        }
      }
    }
    const calls = ranks.map(({ steps }) => steps[0]!.spans.map(({ call }) => call));
    for (const of of calls)
      expect(of).toEqual(expect.arrayContaining(["allgather", "broadcastObject", "pointToPoint"]));
    expect(ranks[0]!.uncertainty).toBe(0);
    expect(ranks[1]!.uncertainty).toBeGreaterThan(0);
    expect(ranks[1]!.uncertainty).toBeLessThan(Infinity);

    const file = JSON.parse(readFileSync(join(out, "trace.json"), "utf8")) as ReturnType<typeof traceFileOf>;
    expect(file).toEqual(JSON.parse(JSON.stringify(traceFileOf(ranks)))); // nothing is lost in reading it
    for (const { ph, ts, dur, pid, tid } of file.traceEvents) {
      expect([0, 1]).toContain(tid);
      expect(pid).toBe(0); // one host
      if (ph === "X") expect([Number.isFinite(ts), dur! > 0]).toEqual([true, true]);
    }
  });

  it("is of the last steps of a run that is shorter, and of those that are left of one that goes on", async () => {
    const out = join(temporaryFolder(), "run");
    const steps = async () => (await readTrace(out))?.[0]!.steps.map(({ step }) => step);
    await run(out, { method: "apts", epochs: 4 });
    expect(await steps()).toBeUndefined();
    await run(out, { method: "apts", epochs: 7, trace: 2 }, { beginning: "resume" });
    expect(await steps()).toEqual([6, 7]);
    await run(out, { method: "apts", epochs: 8, trace: 5 }, { beginning: "resume" });
    expect(await steps()).toEqual([8]);
  });
});

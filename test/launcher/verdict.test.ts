import { describe, expect, it } from "vitest";
import { explain, judgeJob, judgeRank, type RankRecord } from "../../launcher/verdict.js";
import { reportOf, PeerLostError, UsageError } from "../../src/errors.js";

const record = (rank: number, more: Partial<RankRecord>): RankRecord => ({
  placement: { rank, host: "n1", localRank: rank, localSize: 4, cores: 1 },
  pid: 100 + rank,
  errorOutput: [],
  ...more,
});
const missing = reportOf(new PeerLostError("Rank 2 left while this rank waited for it in allreduce."));

describe("judgeRank", () => {
  it.each([
    [{}, "none"],
    [{ ending: { type: "ended", signal: null, code: 0, asked: false } }, "none"],
    [{ ending: { type: "ended", signal: null, code: 143, asked: false } }, "none"],
    [{ ending: { type: "ended", signal: null, code: 1, asked: true } }, "none"],
    [{ ending: { type: "ended", code: null, signal: "SIGKILL", asked: true } }, "none"],
    [{ ending: { type: "ended", signal: null, code: 1, asked: false } }, "cause"],
    [{ ending: { type: "ended", code: null, signal: "SIGSEGV", asked: false } }, "cause"],
    [{ ending: { type: "lost", message: "" } }, "cause"],
    [{ error: missing }, "consequence"],
    [{ error: missing, ending: { type: "ended", signal: null, code: 1, asked: false } }, "consequence"],
    [
      { error: reportOf(new Error("no")), ending: { type: "ended", signal: null, code: 1, asked: true } },
      "cause",
    ],
  ] as [Partial<RankRecord>, string][])("calls %j a %s", (more, verdict) => {
    expect(judgeRank(record(0, more))).toBe(verdict);
  });
});

describe("judgeJob", () => {
  it("puts the first cause on top, though consequences were heard of first", () => {
    const records = [
      record(0, { error: missing, ending: { type: "ended", signal: null, code: 1, asked: false } }),
      record(1, { ending: { type: "ended", code: null, signal: "SIGTERM", asked: true } }),
      record(2, {
        ending: { type: "ended", code: null, signal: "SIGKILL", asked: false },
        errorOutput: ["out of", "memory"],
      }),
      record(3, { error: missing, ending: { type: "ended", signal: null, code: 1, asked: false } }),
    ];
    const verdict = judgeJob(records, [records[0]!, records[2]!, records[3]!], undefined);
    expect(verdict.failure).toMatchObject({ rank: 2, host: "n1", exitCode: 1 });
    expect(explain(verdict).split("\n")).toEqual([
      expect.stringMatching(/^Rank 2 \(n1, pid 102\) was killed by SIGKILL\. No program can refuse it\./),
      "Its last error output:",
      "  out of",
      "  memory",
      "  Rank 0 (n1, pid 100), Rank 3 (n1, pid 103) also failed: PeerLostError: " +
        "Rank 2 left while this rank waited for it in allreduce.",
      "  Rank 1 was stopped.",
    ]);
  });

  it("shows bad usage without a stack and other errors with it", () => {
    const failWith = (error: Error) => {
      const failed = record(0, {
        error: reportOf(error),
        ending: { type: "ended", signal: null, code: 2, asked: false },
      });
      return judgeJob([failed], [failed], undefined);
    };
    const usage = failWith(new UsageError("Expected --ranks to be a positive integer."));
    expect(usage.exitCode).toBe(2);
    expect(explain(usage)).toBe("Rank 0 (n1, pid 100) failed: Expected --ranks to be a positive integer.");
    expect(explain(failWith(new TypeError("x is not iterable")))).toMatch(
      /failed: TypeError: x is not iterable\n +at /,
    );
  });

  it("tells what all ranks found wrong once", () => {
    const explained = (error: Error): string => {
      const records = [1, 0, 2].map((rank) => record(rank, { error: reportOf(error) }));
      return explain(judgeJob(records, records, undefined));
    };
    expect(explained(new UsageError("Expected another number."))).toBe(
      "Rank 1 (n1, pid 101) failed: Expected another number.",
    );
    expect(explained(new TypeError("x is not iterable"))).toMatch(
      /^Rank 1 .* failed: TypeError: x is[^]*\n {2}Rank 0 \(n1, pid 100\), Rank 2 \(n1, pid 102\) failed with the same error\.$/,
    );
  });

  it("ends with the failing program's own exit code", () => {
    const failed = record(0, { ending: { type: "ended", signal: null, code: 7, asked: false } });
    expect(judgeJob([failed], [failed], undefined)).toMatchObject({ exitCode: 7, consequences: [] });
  });

  it("tells a job that a signal stopped from one that was done", () => {
    const exit = (code: number, asked = true) =>
      record(0, { ending: { type: "ended", signal: null, code, asked } });
    const killed = record(1, { ending: { type: "ended", code: null, signal: "SIGTERM", asked: true } });
    expect(judgeJob([exit(0), exit(0)], [], "SIGINT").exitCode).toBe(0);
    expect(judgeJob([exit(143), exit(143)], [], "SIGINT").exitCode).toBe(130);
    expect(judgeJob([exit(0), killed], [], "SIGTERM").exitCode).toBe(143);
    expect(judgeJob([exit(143, false), exit(0)], [], undefined).exitCode).toBe(143);
  });
});

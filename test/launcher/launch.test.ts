import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { LaunchSpec } from "../../launcher/launch.js";
import type { RankEvent } from "../../src/rank/events.js";
import { temporaryFolder } from "../helpers/apts.js";
import { expectNoneLeft, launcher, mark, rankProgram } from "../helpers/launcher/launcher.js";

type Script = Record<number, string[]>;

/** Runs `script` on three ranks; resolves with the result, the lines and the events, once nothing is left running. */
async function run(script: Script, more: Partial<LaunchSpec> = {}) {
  const marks = mark();
  const lines: Record<number, string[]> = {};
  const events: [number, RankEvent][] = [];
  const spec: LaunchSpec = {
    command: process.execPath,
    args: [rankProgram, JSON.stringify(script)],
    ranks: 3,
    timeoutSeconds: 10,
    environment: marks,
    onOutput: (rank, _host, _stream, line) => void (lines[rank] ??= []).push(line),
    onEvent: (rank, event) => events.push([rank, event]),
    ...more,
  };
  try {
    return { ...(await launcher.launch(spec)), lines, events };
  } finally {
    await expectNoneLeft(marks);
  }
}

const each = (steps: string[]): Script => ({ 0: steps, 1: steps, 2: steps });

describe("launch", () => {
  it("tells each rank who it is", async () => {
    const names = ["RANK", "SIZE", "LOCAL_RANK", "LOCAL_SIZE", "TIMEOUT", "EVENTS", "JOB_KEY", "JOB_ID"];
    const { exitCode, failure, lines } = await run(each(names.map((name) => `print APTS_${name}`)));
    expect(failure).toBeUndefined();
    expect(exitCode).toBe(0);
    for (const rank of [0, 1, 2]) {
      expect(lines[rank]!.slice(0, 6)).toEqual([String(rank), "3", String(rank), "3", "10", "1"]);
      expect(lines[rank]![6]).toMatch(/^[0-9a-f]{64}$/);
      expect(lines[rank]!.slice(6)).toEqual(lines[0]!.slice(6));
    }
  });

  it("lets ranks read each other's memory unless told not to", async () => {
    const told = async (sharedMemory?: boolean) =>
      (await run(each(["print APTS_SHARED_MEMORY"]), { sharedMemory })).lines;
    const unset = ["APTS_SHARED_MEMORY"];
    expect(await told()).toEqual({ 0: unset, 1: unset, 2: unset });
    expect(await told(false)).toEqual({ 0: ["0"], 1: ["0"], 2: ["0"] });
  });

  it("shows the rank that failed first, and ends the others with all they started", async () => {
    const missed = join(temporaryFolder(), "missed");
    const { exitCode, failure, consequences } = await run({
      0: ["miss Rank 1 left.", `make ${missed}`, "exit 1"],
      1: [`await ${missed}`, "complain out of memory", "kill SIGKILL"],
      2: ["stubborn"],
    });
    expect(exitCode).toBe(1);
    expect(failure?.description).toMatch(
      /^Rank 1 \(.+, pid \d+\) was killed by SIGKILL\. .*\nIts last error output:\n {2}out of memory$/,
    );
    expect(consequences).toEqual([
      expect.stringMatching(/^Rank 0 \(.+\) also failed: PeerLostError: Rank 1 left\.$/),
      "Rank 2 was stopped.",
    ]);
  });

  it("takes a rank's own error for the cause, in full", async () => {
    const { failure, events, exitCode } = await run({ 2: ["fail The file is torn.", "exit 1"] });
    expect(exitCode).toBe(1);
    expect(failure?.description).toMatch(/failed: DataError: The file is torn\.\n {4}at rank\.mjs$/);
    expect(events).toEqual([[2, { type: "error", error: failure!.report }]]);
  });

  it("passes on a program's exit code", async () => {
    const { exitCode, failure } = await run({ 1: ["complain usage: …", "exit 7"] });
    expect(exitCode).toBe(7);
    expect(failure?.description).toMatch(
      /^Rank 1 .* ended with exit code 7\.\nIts last error output:\n {2}usage/,
    );
  });

  it("ends what a finished rank leaves behind, and does not wait for it", async () => {
    const { exitCode, lines } = await run({ 0: ["leave", "print done"], 1: [], 2: [] });
    expect(exitCode).toBe(0);
    expect(lines[0]).toEqual(["done"]);
  });

  it("says which program or folder is missing", async () => {
    const none = await run({}, { command: "no-such-program" });
    expect(none.failure?.description).toMatch(
      /could not be started\. Expected a program no-such-program in PATH/,
    );
    expect(none.exitCode).toBe(1);
    const nowhere = await run({}, { cwd: "/no/such/folder" });
    expect(nowhere.failure?.description).toMatch(/Expected the working directory \/no\/such\/folder/);
  });

  it("asks the ranks to stop when its signal is aborted", async () => {
    const stop = new AbortController();
    let ready = 0;
    const { exitCode, failure } = await run(each(["obedient"]), {
      signal: stop.signal,
      onOutput: () => {
        if (++ready === 3) stop.abort();
      },
    });
    expect(failure).toBeUndefined();
    expect(exitCode).toBe(143);
  });

  it("is not troubled by ranks that miss each other once all were asked to stop", async () => {
    const stop = new AbortController();
    let ready = 0;
    const { exitCode, failure } = await run(
      { 0: ["print ready"], 1: ["obedient"], 2: ["missing Rank 0 left."] },
      {
        signal: stop.signal,
        onOutput: () => {
          if (++ready === 3) stop.abort();
        },
      },
    );
    expect(failure).toBeUndefined();
    expect(exitCode).toBe(143);
  });

  it("starts a job again while it may", async () => {
    const asked: number[] = [];
    const restarting = (limit: number, answer: boolean) =>
      run(
        { 0: ["print APTS_RESTART_COUNT", "print APTS_JOB_ID", "fails 2"], 1: [], 2: [] },
        {
          restarts: {
            limit,
            mayRestart(failure) {
              asked.push(failure.exitCode);
              return answer;
            },
          },
        },
      );
    const { exitCode, lines } = await restarting(2, true);
    expect(exitCode).toBe(0);
    expect(asked).toEqual([1, 1]);
    expect(lines[0]!.filter((_, index) => index % 2 === 0)).toEqual(["0", "1", "2"]);
    expect(new Set(lines[0]).size).toBe(6); // each start has its own job id
    expect((await restarting(1, true)).exitCode).toBe(1);
    expect((await restarting(9, false)).lines[0]).toHaveLength(2);
  });

  it("keeps output in files", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "apts-output-")), "new");
    await run(
      { 0: ["print a", "complain b"], 1: ["print c"], 2: [] },
      { outputDir: folder, onOutput: undefined },
    );
    const text = (name: string): string => readFileSync(join(folder, name), "utf8");
    expect([text("rank-0.out"), text("rank-0.err"), text("rank-1.out")]).toEqual(["a\n", "b\n", "c\n"]);
  });

  it("loses nothing of much output", async () => {
    const count = 100_000;
    let length = 0;
    await run(
      {},
      {
        command: "bash",
        args: ["-c", `seq 1 ${count}; head -c 3000000 /dev/zero | tr '\\0' x`],
        ranks: 1,
        onOutput: (_rank, _host, _stream, line) => void (length += line.length),
      },
    );
    expect(length).toBe(Array.from({ length: count }, (_, i) => String(i + 1)).join("").length + 3_000_000);
  });

  it("loses nothing that is taken slowly", async () => {
    let length = 0;
    const { exitCode } = await run(
      {},
      {
        command: "bash",
        args: ["-c", "head -c 800000 /dev/zero | tr '\\0' x | fold -w 20000; exit 3"],
        ranks: 1,
        onOutput: async (_rank, _host, _stream, line) => {
          await sleep(100);
          length += line.length;
        },
      },
    );
    expect([exitCode, length]).toEqual([3, 800_000]);
  });

  it("ends the ranks when its caller's own code throws", async () => {
    const onOutput = () => {
      throw new Error("disk full");
    };
    await expect(run(each(["obedient"]), { onOutput })).rejects.toThrow("disk full");
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EpochMetrics } from "../../src/report/metrics.js";
import { runApts, startApts, temporaryFolder, writeModule, type Finished } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";
import { metrics, summaryIn, weights } from "../helpers/run-folder.js";

const PROBLEM = {
  data: "digits",
  trainSamples: 1000,
  testSamples: 300,
  hidden: [16],
  subdomains: 4,
  threads: 1,
};
const SAME_PROBLEM = "--data digits --train-samples 1000 --test-samples 300 --hidden 16 --threads 1";
/** Checkpoints at every opportunity: after every epoch, and within epochs every few steps. */
const OFTEN = "--checkpoint-every 1 --checkpoint-minutes 0.001";

/** `apts train` with the options of `PROBLEM` and others. */
function train(...options: string[]): string[] {
  const splits = /--method (s?apts)\b/.test(options.join(" ")) ? ["--subdomains 4"] : [];
  return ["train", ...[SAME_PROBLEM, ...splits, ...options].join(" ").split(" ")];
}

/** The process of a rank that has begun. */
function pidOf(out: string, rank: number): number {
  const lines = readFileSync(join(out, "logs", `rank-${rank}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return (JSON.parse(lines.at(-1)!) as { pid: number }).pid;
}

function expectSuccess({ code, stderr }: Finished): void {
  expect(code, stderr).toBe(0);
}

describe("a run killed at any moment and resumed", () => {
  const cases: Record<
    string,
    { options?: Record<string, number>; ranks: number; ranksLater: number; planned?: number }
  > = {
    apts: { ranks: 2, ranksLater: 1 },
    sapts: { options: { batches: 5 }, ranks: 2, ranksLater: 2 },
    tr: { ranks: 1, ranksLater: 2 },
    adam: { ranks: 1, ranksLater: 1 },
    lbfgs: { ranks: 1, ranksLater: 1 },
    soaa: { ranks: 1, ranksLater: 1, planned: 100 }, // its steps depend on how many there will be
  };
  it.each(Object.entries(cases))(
    "%s ends with the same bytes",
    async (method, { options = {}, ranks, ranksLater, planned }) => {
      const folder = temporaryFolder();
      const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
      const given = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
      const endless = `--method ${method} --ranks ${ranks} --epochs ${planned ?? 100000} --out ${killed}`;
      const begun = startApts(train(endless, OFTEN, ...given));
      await begun.saw(/epoch +1\//);
      await sleep(Math.random() * 300);
      process.kill(pidOf(killed, 0), "SIGKILL");
      expect((await begun.finished).code).toBe(1);
      const epochs = planned ?? metrics(killed).length + 5;
      const further = `--resume ${killed} --ranks ${ranksLater} --epochs ${epochs}`;
      const resumed = await runApts(["train", ...further.split(" ")]);
      expectSuccess(resumed);
      const from = /goes on after .*|begins anew/.exec(resumed.stderr)?.[0];
      expect(from).toBeDefined();
      await run(whole, { ...PROBLEM, method, ...options, epochs }); // by one rank, in this process
      expect(weights(killed).equals(weights(whole)), from).toBe(true);
      // What ranks send depends on their number.
      const compared = (out: string): EpochMetrics[] =>
        metrics(out).map((line) => ({ ...line, bytesSent: 0 }));
      expect(compared(killed), from).toEqual(compared(whole));
      if (ranks === ranksLater) {
        const sent = metrics(killed).map((line) => line.bytesSent);
        const each = sent[0]!;
        expect(sent, from).toEqual(sent.map((_, i) => method === "sapts" ? sent[i] : each * (i + 1))); // prettier-ignore
      }
    },
  );

  it("waits for ranks whose launcher was killed", async () => {
    const out = join(temporaryFolder(), "run");
    const begun = startApts(train("--ranks 2 --epochs 100000 --out", out));
    await begun.saw(/epoch +2\//);
    begun.process.kill("SIGKILL");
    expectSuccess(await runApts(["train", "--resume", out, "--stop-at-accuracy", "0.2"]));
    expect(summaryIn(out).ended).toBe("accuracy");
  });
});

describe("a run asked to stop", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGUSR1", 143],
  ] as const)("by %s writes a checkpoint and ends with %i", async (signal, code) => {
    const out = join(temporaryFolder(), "run");
    const stopped = startApts(train("--method apts --ranks 1 --epochs 100000 --out", out));
    await stopped.saw(/epoch +2\//);
    stopped.process.kill(signal);
    const { code: got, stderr } = await stopped.finished;
    expect(got).toBe(code);
    expect(stderr).toContain(`apts train --resume ${out} goes on from here.`);
    const { ended, epochs } = summaryIn(out);
    expect(ended).toBe("stopped");
    expect(readdirSync(join(out, "checkpoints"))).toContain(`epoch-${epochs}.ckpt`);
  });

  it("by Ctrl-C twice ends at once", async () => {
    const out = join(temporaryFolder(), "run");
    // A method whose first step takes for ever.
    const method = writeModule(
      temporaryFolder(),
      `import { writeSync } from "node:fs";
       const step = () => { for (writeSync(2, "computing\\n"); ; ); };
       const create = () => ({ start: (theta) => ({ theta }), step });
       export const method = { name: "endless", summary: "never steps", source: "tests", options: {}, batches: 1, create };`,
    );
    const stopped = startApts(train(`--method ${method} --ranks 1 --out ${out}`));
    await stopped.saw(/computing/);
    await stopped.saw(/parameters in/);
    stopped.process.kill("SIGINT");
    await sleep(500);
    expect(stopped.process.exitCode).toBe(null);
    // Again and again, as an impatient user does: two at once are one to the system.
    const impatient = setInterval(() => stopped.process.kill("SIGINT"), 500);
    expect((await stopped.finished).code).toBe(130);
    clearInterval(impatient);
    expect(existsSync(join(out, "summary.json"))).toBe(false);
  });
});

describe("--max-restarts", () => {
  it("starts again from the last checkpoint, and ends as if nothing had been", async () => {
    const epochs = 150; // so many that it is still at work when it is disturbed
    const folder = temporaryFolder();
    const [whole, failing] = [join(folder, "whole"), join(folder, "failing")];
    const begun = startApts(
      train(`--method apts --ranks 2 --epochs ${epochs} --max-restarts 1 --out ${failing}`, OFTEN),
    );
    await begun.saw(/epoch +2\//);
    process.kill(pidOf(failing, 1), "SIGKILL");
    const finished = await begun.finished;
    expectSuccess(finished);
    expect(finished.stderr).toMatch(
      /Rank 1 .* was killed by SIGKILL\.[^]*\nStarts again from the last checkpoint\.[^]*goes on after epoch/,
    );
    await run(whole, { ...PROBLEM, method: "apts", epochs });
    expect(weights(failing).equals(weights(whole))).toBe(true);
  });

  it("does not start again without a new checkpoint", async () => {
    const out = join(temporaryFolder(), "run");
    const begun = startApts(
      train("--ranks 2 --epochs 100000 --max-restarts 5 --checkpoint-every 100000 --out", out),
    );
    await begun.saw(/epoch +2\//);
    process.kill(pidOf(out, 1), "SIGKILL");
    const { code, stderr } = await begun.finished;
    expect(code).toBe(1);
    expect(stderr).not.toContain("Starts again");
  });
});

it("a job that SLURM has requeued goes on with the same command line", async () => {
  const out = join(temporaryFolder(), "run");
  const command = train("--ranks 1 --epochs 2 --out", out);
  expectSuccess(await runApts(command));
  const again = await runApts(command, { environment: { SLURM_RESTART_COUNT: "1" } });
  expectSuccess(again);
  expect(again.stderr).toMatch(
    /The run is finished after 2 epochs: all epochs done. A larger --epochs trains on/,
  );
});

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { expectNoneLeft, launcherOf, mark, ranksOf } from "../helpers/launcher/launcher.js";
import { describeOnHosts } from "../helpers/cluster/bed.js";
import {
  DISTURBED,
  epochsIn,
  expectIdle,
  expectModel,
  expectSuccess,
  LONG,
  newFolder,
  RUN,
  train,
} from "../helpers/cluster/training.js";

const KILLS = 6;

/** It may have ended since it was found. */
function killIfThere(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ESRCH");
  }
}

await describeOnHosts("apts train over ssh", { hosts: 3 }, (bed) => {
  const hostfile = (...lines: string[]): string => {
    const file = join(newFolder(), "hosts.txt");
    writeFileSync(file, lines.join("\n"));
    return file;
  };
  const two = hostfile("n1 slots=2", "n2 slots=1");
  const idle = (): Promise<void> => expectIdle(bed, ["n1", "n2", "n3"]);

  /** Starts a run and follows it; `marks` finds its ranks. */
  function start(args: readonly string[]) {
    const marks = mark();
    const child = bed.start("login", train(...args), marks);
    let seen = "";
    child.stderr.on("data", (chunk) => (seen += String(chunk)));
    const ended = once(child, "exit") as Promise<[number | null]>;
    const saw = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(seen) && child.exitCode === null) await sleep(20);
    };
    const ranks = (): number[] => ranksOf(marks);
    return { child, marks, ended, saw, ranks, seen: () => seen };
  }

  /** Starts a run on three ranks; resolves when two epochs are done. */
  async function startOn(hosts: string, epochs = LONG) {
    const out = join(newFolder(), "run");
    const given = ["--hostfile", hosts, "--ranks", "3", "--epochs", String(epochs), "--out", out];
    const run = start([...RUN, ...given]);
    await run.saw(/epoch +2\//);
    return { out, run };
  }

  /** Resumes a run that has ended, for some epochs more than it has made. */
  async function expectResumed(out: string, ...args: string[]): Promise<void> {
    const epochs = epochsIn(out) + 5;
    expectSuccess(await bed.run("login", train("--resume", out, ...args, "--epochs", String(epochs))));
    await expectModel(out, epochs);
  }

  it("computes on two and three hosts what one rank computes alone", { timeout: 300_000 }, async () => {
    for (const hosts of [two, hostfile("n1", "n2", "n3")]) {
      const out = join(newFolder(), "run");
      expectSuccess(
        await bed.run(
          "login",
          train(...RUN, "--hostfile", hosts, "--ranks", "3", "--epochs", "4", "--out", out),
        ),
      );
      await expectModel(out, 4);
      await idle();
    }
  });

  it(
    `survives ${KILLS} killed ranks: every end is clean, and the result that of an undisturbed run`,
    { timeout: 600_000 },
    async () => {
      const epochs = 40;
      const oneEach = hostfile("n1", "n2");
      const begin = (): string[] => [...RUN, "--epochs", String(epochs), "--out", join(newFolder(), "run")];
      let options = begin();
      for (let kills = 0; kills < KILLS;) {
        const run = start([...options, "--auto-resume", "--hostfile", oneEach, "--ranks", "2"]);
        while (run.ranks().length < 2 && run.child.exitCode === null) await sleep(10);
        // Half of the ranks die while they start, half while they train.
        if (kills % 2 === 1) await run.saw(/ samples, /);
        await sleep(Math.random() * (kills % 2 === 1 ? 500 : 1500));
        const ranks = run.ranks();
        killIfThere(ranks[Math.floor(Math.random() * ranks.length)]);
        const killed = Date.now();
        const [code] = await run.ended;
        expect(Date.now() - killed).toBeLessThan(30_000); // 10 s on a quiet machine; the deadline of a call is 300 s
        await expectNoneLeft(run.marks);
        await idle();
        if (code === 0) {
          // It had done its work before anybody died: the next begins anew.
          await expectModel(options.at(-1)!, epochs);
          options = begin();
        } else {
          expect(run.seen()).toMatch(/Rank \d \(n\d, pid \d+\) was killed by SIGKILL\./);
          expect(code).toBe(1);
          kills++;
        }
      }
      expectSuccess(
        await bed.run("login", train(...options, "--auto-resume", "--hostfile", oneEach, "--ranks", "2")),
      );
      await expectModel(options.at(-1)!, epochs);
    },
  );

  it("starts again by itself, once there is something new to start from", { timeout: 300_000 }, async () => {
    const out = join(newFolder(), "run");
    const args = ["--hostfile", two, "--ranks", "3", "--epochs", String(DISTURBED), "--out", out];
    const run = start([...RUN, ...args, "--max-restarts", "2"]);
    await run.saw(/epoch +3\//);
    process.kill(run.ranks()[1]!, "SIGKILL");
    expect(await run.ended, run.seen()).toEqual([0, null]);
    expect(run.seen()).toMatch(/was killed by SIGKILL\.[^]*Starts again from the last checkpoint/);
    await expectModel(out, DISTURBED);
    await idle();
  });

  it(
    "writes a checkpoint on Ctrl-C and goes on from there on fewer ranks",
    { timeout: 300_000 },
    async () => {
      const { out, run } = await startOn(two);
      process.kill(launcherOf(run.marks), "SIGINT");
      expect(await run.ended, run.seen()).toEqual([130, null]);
      await idle();
      await expectResumed(out, "--hostfile", hostfile("n2", "n3"), "--ranks", "2");
    },
  );

  it(
    "leaves nothing on any host when the launcher is killed, and goes on at once",
    { timeout: 300_000 },
    async () => {
      const { out, run } = await startOn(two);
      process.kill(launcherOf(run.marks), "SIGKILL");
      // What is still at work there may make some more epochs.
      const further = train("--resume", out, "--hostfile", two, "--epochs", String(DISTURBED));
      const [resumed] = await Promise.all([bed.run("login", further), expectNoneLeft(run.marks, 10)]);
      expectSuccess(resumed);
      await expectModel(out, DISTURBED);
    },
  );

  it(
    "ends when a host is cut off, and goes on from there when it is back",
    { timeout: 300_000 },
    async () => {
      const { out, run } = await startOn(two);
      await bed.link("n2", "down");
      const cut = Date.now();
      try {
        expect(await run.ended).toEqual([1, null]);
        expect(run.seen()).toMatch(
          /Rank 2 \(n2, pid \d+\) was lost with its host n2: ssh ended with exit code 255/,
        );
        await expectNoneLeft(run.marks, Math.max(1, 12 - (Date.now() - cut) / 1000));
      } finally {
        await bed.link("n2", "up");
      }
      await expectResumed(out, "--hostfile", two, "--ranks", "3");
    },
  );

  it("goes on when the disk of a checkpoint is full, and says so", { timeout: 300_000 }, async () => {
    const { out, run } = await startOn(hostfile("n1"), DISTURBED);
    await bed.run("n1", ["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", join(out, "checkpoints")]);
    expect(await run.ended, run.seen()).toEqual([0, null]);
    expect(run.seen()).toMatch(/could not write a checkpoint.*(ENOSPC|no space)/i);
    await expectModel(out, DISTURBED);
  });
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { parseCpuList } from "../../src/host/cores.js";
import {
  cli,
  expectNoneLeft,
  launcherOf,
  mark,
  marked,
  rankProgram,
  untilReady,
} from "../helpers/launcher/launcher.js";
import { built } from "../helpers/built.js";
import { describeOnHosts, fixture } from "../helpers/cluster/bed.js";
import { expectIdle } from "../helpers/cluster/training.js";

await describeOnHosts("apts-launch over ssh", { hosts: 3 }, (bed) => {
  const folder = mkdtempSync(join(tmpdir(), "apts-ssh-"));
  const marks = mark();
  const hostfile = (text: string): string => {
    const file = join(folder, "hosts.txt");
    writeFileSync(file, text);
    return file;
  };
  const command = (hosts: string, ...rest: string[]): string[] => [
    process.execPath,
    cli,
    "--hostfile",
    hostfile(hosts),
    "-x",
    `APTS_TEST_MARK=${marks["APTS_TEST_MARK"]!}`,
    ...rest,
  ];
  const launch = (hosts: string, ...rest: string[]) => bed.run("login", command(hosts, ...rest), marks);
  const rank = (script: Record<number, string[]>): string[] => [
    "--",
    process.execPath,
    rankProgram,
    JSON.stringify(script),
  ];
  const pidOf = (wanted: number): number => marked({ ...marks, APTS_RANK: String(wanted) })[0]!;

  afterEach(async () => {
    await expectNoneLeft(marks);
    await expectIdle(bed, ["n1", "n2", "n3"], 10); // what is promised
  });

  it("shows where each line comes from", async () => {
    const { code, stdout } = await launch("n1 slots=1\nn2 slots=1\nlogin slots=1", "--", "hostname");
    expect(code).toBe(0);
    expect(stdout.trim().split("\n").sort()).toEqual(["[0 n1] n1", "[1 n2] n2", "[2 login] login"]);
  });

  it("lets ranks on three hosts talk", async () => {
    const sum = fixture("sum.mjs");
    const { code, stdout, stderr } = await launch("login slots=1\nn1 slots=2\nn3 slots=1", "--", "node", sum);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const said = stdout.replace("[1-2 n1] sum 10 on n1", "[1 n1] sum 10 on n1\n[2 n1] sum 10 on n1"); // at once
    expect(said.trim().split("\n").sort()).toEqual([
      "[0 login] sum 10 on login",
      "[1 n1] sum 10 on n1",
      "[2 n1] sum 10 on n1",
      "[3 n3] sum 10 on n3",
    ]);
  });

  it("gives remote ranks the exported variables, their GPU, cores of their own and the same Node", async () => {
    const print = (name: string): string => `print ${name}`;
    const steps = [print("GREETING"), print("CUDA_VISIBLE_DEVICES"), print("APTS_LOCAL_SIZE")];
    const { stdout } = await launch(
      "n1 slots=2 gpus=2\nn2 slots=1",
      ...["-x", 'GREETING=it\'s "here" $HOME'],
      ...rank({ 0: steps, 1: steps, 2: steps }),
    );
    // A line that several ranks say at once is shown once, their numbers in front.
    const of = (rank: number): string[] =>
      stdout.split("\n").flatMap((line) => {
        const [, ranks, text] = /^\[([\d,-]+)[^\]]*\] (.*)$/.exec(line) ?? [];
        return ranks !== undefined && parseCpuList(ranks).includes(rank) ? [text!] : [];
      });
    expect(of(0)).toEqual(['it\'s "here" $HOME', "0", "2"]);
    expect(of(1)).toEqual(['it\'s "here" $HOME', "1", "2"]);
    expect(of(2)).toEqual(['it\'s "here" $HOME', "CUDA_VISIBLE_DEVICES", "1"]);
  });

  it("starts hosts through hosts, and hears all of them", async () => {
    const connect = `
      const { Hosts } = await import(${JSON.stringify(built("launcher/hosts.ts"))});
      const hosts = await Hosts.connect(["n1", "n2", "n3"].map((name) => ({ name })), 1);
      console.log(JSON.stringify(hosts.all.map(({ name, inventory }) => [name, inventory.reachedFrom])));
      await hosts.close();`;
    const { stdout } = await bed.run("login", [process.execPath, "--input-type=module", "-e", connect]);
    expect(JSON.parse(stdout)).toEqual([
      ["n1", "10.99.0.254"],
      ["n2", "10.99.0.254"],
      ["n3", "10.99.0.254"],
    ]);
  });

  it("shows the first cause when a rank on another host is killed", async () => {
    const child = bed.start("login", command("n1 slots=1\nn2 slots=2", ...rank({ 2: ["obedient"] })), marks);
    const output = text(child.stderr);
    await once(child.stdout, "data");
    process.kill(pidOf(1), "SIGKILL");
    expect((await once(child, "exit"))[0]).toBe(1);
    expect(await output).toMatch(
      /^Rank 1 \(n2, pid \d+\) was killed by SIGKILL\. .*\n {2}Ranks 0, 2 were stopped\.\n$/,
    );
  });

  it("asks ranks on all hosts to stop on Ctrl-C", async () => {
    const child = bed.start(
      "login",
      command("n1\nn2", "-n", "2", ...rank({ 0: ["obedient"], 1: ["obedient"] })),
      marks,
    );
    await untilReady(child, 2);
    process.kill(launcherOf(marks), "SIGINT");
    expect((await once(child, "exit"))[0]).toBe(130);
  });

  it("leaves nothing on any host when the launcher is killed", async () => {
    const child = bed.start(
      "login",
      command("login slots=1\nn1 slots=1\nn2 slots=1", ...rank({ 1: ["stubborn"], 2: ["stubborn"] })),
      marks,
    );
    await untilReady(child, 2);
    process.kill(launcherOf(marks), "SIGKILL");
    await once(child, "exit");
    await expectNoneLeft(marks, 10);
  });

  it("gives up a host that is cut off, which ends its ranks by itself", async () => {
    const child = bed.start(
      "login",
      command("n1 slots=1\nn2 slots=1", ...rank({ 0: ["obedient"], 1: ["stubborn"] })),
      marks,
    );
    const output = text(child.stderr);
    await untilReady(child, 2);
    await bed.link("n2", "down");
    const cut = Date.now();
    try {
      expect((await once(child, "exit"))[0]).toBe(1);
      expect(await output).toMatch(
        /^Rank 1 \(n2, pid \d+\) was lost with its host n2: ssh ended with exit code 255/,
      );
      await expectNoneLeft(marks, 12 - (Date.now() - cut) / 1000);
    } finally {
      await bed.link("n2", "up");
    }
  });

  it("says which host cannot be reached, and how to find out why", async () => {
    const unknown = await launch("n1\nn9", "--", "true");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(
      /^Expected to start ranks on n9, could not: ssh ended with exit code 255\n.* n9.*\nCheck that "ssh n9 true" works/,
    );
    const refused = await launch("ghost@n2", "--", "true");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Permission denied/);
  });

  it("says on which host a program or folder is missing", async () => {
    // Each host has a /dev/shm of its own.
    await bed.run("n1", ["install", "-D", "/bin/true", "/dev/shm/job/program"]);
    const program = await launch("n1 slots=1\nn2 slots=1", "--", "/dev/shm/job/program");
    expect(program.code).toBe(1);
    expect(program.stderr).toMatch(
      /^Rank 1 \(n2\) could not be started\. Expected a program \/dev\/shm\/job\/program, found none that can be run\./,
    );
    const inFolder = ["cd", "/dev/shm/job", "&&", ...command("n1 slots=1\nn2 slots=1", "--", "true")].join(
      " ",
    );
    await bed.run("login", ["mkdir", "/dev/shm/job"]);
    const missingFolder = await bed.run("login", ["bash", "-c", inFolder], marks);
    expect(missingFolder.stderr).toMatch(
      /^Rank 1 \(n2\) could not be started\. Expected the working directory \/dev\/shm\/job/,
    );
  });

  it("shows a plan with every host's GPUs and cores", async () => {
    const { code, stdout } = await launch(
      "n1 slots=2 gpus=2\nn2 slots=1",
      "--map-by",
      "node",
      "--dry-run",
      "--",
      "true",
    );
    expect(code).toBe(0);
    expect(stdout.match(/│ \d.*/g)!.map((line) => line.replaceAll(/[│ ]+/g, " ").trim())).toEqual([
      expect.stringMatching(/^0 n1 0 /),
      "1 n2 - all",
      expect.stringMatching(/^2 n1 1 /),
    ]);
  });
});

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { APTS, runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { fixture } from "../helpers/cluster/bed.js";
import { built, builtUrl } from "../helpers/built.js";
import { modelOf } from "../helpers/run-folder.js";

const TIME = { timeout: 300_000 };
const RUN = [...SMALL, "--subdomains", "4", "--threads", "1", "--epochs", "2"];
const SUM = fixture("sum.mjs");
const TRAIN = (out: string): string[] => [process.execPath, APTS, "train", ...RUN, "--out", out];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command; it is killed where it outlives its test. */
function start(command: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...environment } });
  child.stdin.end();
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function outcome(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

/** A place where nobody listens, at a port below those that the kernel gives to connections. */
async function placeAt(MASTER_ADDR: string): Promise<{ MASTER_ADDR: string; MASTER_PORT: string }> {
  for (;;) {
    const port = 20_000 + Math.floor(10_000 * Math.random());
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.once("error", () => {
        resolve(false);
      });
      server.listen(port, () => {
        resolve(true);
      });
    });
    if (!free) continue;
    server.close();
    await once(server, "close");
    return { MASTER_ADDR, MASTER_PORT: String(port) };
  }
}

/** `size` processes with these variables each, as users, Ray or PyTorchJob start them. */
async function byHand(
  size: number,
  command: readonly string[],
  given?: Record<string, string>,
): Promise<Outcome[]> {
  const variables = given ?? (await placeAt("127.0.0.1"));
  const ranks = Array.from({ length: size }, (_, rank) =>
    outcome(start(command, { WORLD_SIZE: String(size), RANK: String(rank), ...variables })),
  );
  return Promise.all(ranks);
}

/** An address of this machine that is none of its loopback's. */
function networkName(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.1.1";
}

let expected: string;
beforeAll(() => {
  const out = join(mkdtempSync(join(tmpdir(), "apts-test-")), "run");
  const alone = spawnSync(process.execPath, [...TRAIN(out).slice(1), "--ranks", "1"], { encoding: "utf8" });
  expect({ code: alone.status, stderr: alone.status === 0 ? "" : alone.stderr }).toEqual({
    code: 0,
    stderr: "",
  });
  expected = modelOf(out);
}, 300_000);

const LAUNCHERS = [
  {
    name: "Open MPI",
    program: "mpirun.openmpi",
    options: ["--oversubscribe"],
    environment: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
  },
  { name: "MPICH", program: "mpiexec.hydra", options: [], environment: {} },
];

for (const { name, program, options, environment } of LAUNCHERS) {
  const missing = spawnSync(program, ["--version"]).error !== undefined;
  if (missing) console.warn(`Skipped: apts under ${name}: ${program} is not installed (make setup-cluster).`);

  describe.skipIf(missing)(`under ${name}`, () => {
    const mpirun = (ranks: number, command: readonly string[]): Promise<Outcome> =>
      outcome(start([program, ...options, "-n", String(ranks), ...command], environment));

    it("trains as one rank does alone, and shows it once", TIME, async () => {
      const out = join(temporaryFolder(), "run");
      const { code, stdout, stderr } = await mpirun(2, TRAIN(out));
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      expect(modelOf(out)).toBe(expected);
      expect(stderr.match(/epoch 2\/2/g)).toHaveLength(1);
      expect(stdout.match(/written to/g)).toHaveLength(1);
    });

    it(
      "gives a program's init() its ranks, also behind a program that closes descriptors",
      TIME,
      async () => {
        const direct = await mpirun(3, [process.execPath, SUM]);
        expect(direct.stdout.match(/^sum 6 /gm), direct.stderr).toHaveLength(3);
        const code = `process.exitCode = require("child_process").spawnSync(process.execPath, [${JSON.stringify(SUM)}], { stdio: "inherit" }).status`;
        const behind = await mpirun(3, [process.execPath, "-e", code]);
        expect(behind.stdout.match(/^sum 6 /gm), behind.stderr).toHaveLength(3);
      },
    );

    it("is one rank under -n 1", TIME, async () => {
      const out = join(temporaryFolder(), "run");
      const { code, stderr } = await mpirun(1, [...TRAIN(out), "--ranks", "1"]);
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      expect(stderr).toMatch(/, 1 rank,/);
    });

    it("ends as a whole when a rank dies", TIME, async () => {
      const folder = temporaryFolder();
      const script = join(folder, "rank.sh");
      const rank = "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}";
      writeFileSync(
        script,
        `#!/bin/sh\n[ ${rank} != 1 ] || (sleep 3; kill -9 $$) &\nexec ${TRAIN(join(folder, "run")).join(" ")} --epochs 1000000\n`,
      );
      chmodSync(script, 0o755);
      expect((await mpirun(2, [script])).code).not.toBe(0);
    });
  });
}

describe("by hand", () => {
  it("trains as one rank does alone", TIME, async () => {
    const out = join(temporaryFolder(), "run");
    const ranks = await byHand(2, TRAIN(out));
    expect(ranks.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0]);
    expect(modelOf(out)).toBe(expected);
    expect(ranks[1]!.stdout + ranks[1]!.stderr).toBe("");
  });

  it(
    "meets over the network with a key, in a variable or a file, or by --insecure; else it says so",
    TIME,
    async () => {
      const file = join(temporaryFolder(), "key");
      writeFileSync(file, "0123456789abcdef\n");
      const sums = async (variables: Record<string, string>): Promise<string[]> =>
        (await byHand(2, [process.execPath, SUM], { ...(await placeAt(networkName())), ...variables })).map(
          ({ stdout, stderr }) => `${stdout}${stderr}`.split(" on ")[0]!.trim(),
        );
      expect(await sums({ APTS_JOB_KEY: "0123456789abcdef" })).toEqual(["sum 3", "sum 3"]);
      expect(await sums({ APTS_JOB_KEY_FILE: file })).toEqual(["sum 3", "sum 3"]);
      expect(await sums({ APTS_INSECURE: "1" })).toEqual(["sum 3", "sum 3"]);
      for (const said of await sums({}))
        expect(said).toMatch(/Expected a key that all ranks share.*APTS_JOB_KEY_FILE=FILE/);
      for (const said of await sums({ APTS_JOB_KEY: "short" }))
        expect(said).toMatch(/at least 16 characters, got 5/);
    },
  );

  it(
    "says for whom it waits, and in the end who has not come, by the place its user knows",
    TIME,
    async () => {
      const variables = { WORLD_SIZE: "3", ...(await placeAt("127.0.0.1")) };
      const place = `127.0.0.1:${variables.MASTER_PORT}`;
      const alone = (RANK: string) =>
        outcome(start([process.execPath, APTS, "train", ...RUN, "--timeout", "7"], { ...variables, RANK }));
      const { stderr: first } = await alone("0");
      expect(first).toContain(`Rank 0 of 3 waits at ${place} for ranks 1, 2.`);
      expect(first).toContain(
        `apts: The rendezvous at ${place} refused rank 0. Expected 3 ranks to arrive within 7 s`,
      );
      const { stderr: second } = await alone("1");
      expect(second).toContain(`Rank 1 of 3 waits at ${place} for rank 0.`);
      expect(second).toMatch(
        /apts: Expected rank 0 of job \d+ to answer at 127.0.0.1:\d+, within 7 s: nobody answers/,
      );
    },
  );

  it("refuses a program that starts ranks itself, instead of training as often", TIME, async () => {
    const program = join(temporaryFolder(), "program.mjs");
    const library = builtUrl("src/index.ts");
    writeFileSync(
      program,
      `import { train } from ${JSON.stringify(library)};\nawait train({ data: "digits" });\n`,
    );
    for (const { code, stderr } of await byHand(2, [process.execPath, program])) {
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/Expected train\(\) to run once.* this process is rank [01] of 2/);
    }
  });

  it("refuses what starts ranks itself, and options that only it would heed", TIME, async () => {
    const launcher = built("launcher/cli.ts");
    for (const { code, stderr } of await byHand(2, [process.execPath, launcher, "-n", "2", "--", "true"])) {
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Expected apts-launch to run once.* is rank [01] of 2/);
    }
    const hosts = join(temporaryFolder(), "hosts");
    writeFileSync(hosts, "localhost slots=2\n");
    for (const [name, value] of [["--hostfile", hosts], ["--dry-run"], ["--max-restarts", "1"]] as const) {
      const command = [
        ...TRAIN(join(temporaryFolder(), "run")),
        name,
        ...(value === undefined ? [] : [value]),
      ];
      for (const { code, stderr } of await byHand(2, command)) {
        expect(code).toBe(2);
        expect(stderr).toMatch(`apts: Expected no ${name}, since something else`);
      }
    }
    const pod = await runApts(["train", ...RUN, "--out", join(temporaryFolder(), "run")], {
      environment: { JOB_COMPLETION_INDEX: "0" },
    });
    expect(pod).toMatchObject({ code: 2, stderr: expect.stringMatching(/no WORLD_SIZE/) as string });
  });

  it("refuses what contradicts itself before anything starts", TIME, async () => {
    const run = (environment: Record<string, string>, ...args: string[]) =>
      runApts(["train", ...RUN, "--out", join(temporaryFolder(), "run"), ...args], { environment });
    expect(await run({ RANK: "1" })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^apts: Found RANK=1 in the environment, and no WORLD_SIZE/) as string,
    });
    expect(await run({ RANK: "0", WORLD_SIZE: "2" })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^apts: RANK and WORLD_SIZE does not say where rank 0 .* Set MASTER_ADDR/,
      ) as string,
    });
    const both = await byHand(2, [...TRAIN(join(temporaryFolder(), "run")), "--ranks", "3"]);
    expect(both[0]).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^apts: Expected --ranks to be 2, .* got 3/) as string,
    });
    expect(both[1]!.code).not.toBe(0);
  });
});

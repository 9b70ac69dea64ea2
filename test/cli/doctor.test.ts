import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Examination } from "../../src/job/doctor/facts.js";
import type { Finding } from "../../src/job/doctor/finding.js";
import { NO_KOFFI } from "../helpers/no-koffi.js";
import { APTS, runApts, SMALL, temporaryFolder } from "../helpers/apts.js";

interface Told {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly examination: Examination;
}

const ARGS = ["doctor", "--backend", "wasm", "--json"];
const about = ({ findings }: Told, subject: string): Finding =>
  findings.find((it) => it.subject === subject)!;

it("apts doctor examines this machine, and measures between two ranks of it", async () => {
  const { code, stdout } = await runApts(ARGS);
  const told = JSON.parse(stdout) as Told;
  expect(code).toBe(told.exitCode);
  const [facts] = told.examination.facts;
  expect(facts!.hostname).toBe(hostname());
  expect(facts!.names[hostname()]).toBeDefined();
  expect(told.examination.reach.map(({ error }) => error)).toEqual([undefined, undefined]);
  const [pair] = told.examination.pairs;
  expect(pair!.roundTripSeconds).toBeGreaterThan(0);
  expect(pair!.bytesPerSecond).toBeGreaterThan(1e6);
  expect(Math.abs(pair!.clockOffset)).toBeLessThan(0.5);
  expect(about(told, "compute").found).toMatch(/^wasm: .* GFLOP\/s$/);
  for (const { state, remedy } of told.findings) expect(remedy === undefined).toBe(state === "ok");
});

it("apts doctor ends with 1 where files and folders are not enough, and shows a table", () => {
  const { status, stdout } = spawnSync(
    "bash",
    [
      "-c",
      'ulimit -n 200; TMPDIR=/nowhere exec "$0" "$@"',
      process.execPath,
      APTS,
      "doctor",
      "--backend",
      "cpu",
    ],
    { encoding: "utf8" },
  );
  expect(stdout).toMatch(/open files +│ PROBLEM │ 200 +│\n.*→ Raise it to 1024 or more \(ulimit -n\)/);
  expect(stdout).toMatch(/folders +│ PROBLEM │ temporary files \(TMPDIR\): \/nowhere/);
  expect(stdout).toMatch(/compute +│ warning │ cpu/);
  expect(status).toBe(1);
});

it("apts doctor says why ranks cannot read each other's memory, and what to do", async () => {
  const { stdout } = await runApts(ARGS, { environment: { NODE_OPTIONS: `--import=${NO_KOFFI}` } });
  expect(about(JSON.parse(stdout) as Told, "memory of peers")).toMatchObject({
    state: "warning",
    found: expect.stringContaining("no koffi") as string,
    remedy: expect.stringContaining("npm install koffi") as string,
  });
});

it("a run whose ranks cannot read each other's memory says so once", async () => {
  const out = join(temporaryFolder(), "run");
  const { code, stderr } = await runApts(["train", ...SMALL, "--ranks", "3", "--epochs", "1", "--out", out], {
    environment: { NODE_OPTIONS: `--import=${NO_KOFFI}` },
  });
  expect(code).toBe(0);
  expect(
    stderr.match(/cannot read each other's memory \(no koffi\): payloads go through sockets/g),
  ).toHaveLength(1);
});

import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runApts, temporaryFolder } from "../helpers/apts.js";

function hostfile(text: string): string {
  const file = join(temporaryFolder(), "hosts.txt");
  writeFileSync(file, text);
  return file;
}

it("apts info says what is here, what will be used, how fast that is, and why nothing better", async () => {
  const { code, stdout } = await runApts(["info", "--backend", "wasm", "--blas", "/nowhere/libblas.so"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^apts +\d+\.\d+\.\d+, Node\.js v/);
  expect(stdout).toMatch(
    new RegExp(`^host +${hostname()}: \\d+ cores?, .*; ranks by default: \\d+ \\(one a (core|GPU)\\)$`, "m"),
  );
  const [, speed] = /^backend +wasm: .*no native BLAS, 1 thread, ([\d.]+) GFLOP\/s/m.exec(stdout)!;
  expect(Number(speed)).toBeGreaterThan(0.1);
  expect(stdout).toMatch(/^not used +\/nowhere\/libblas\.so: .*No such file/m);
});

it("apts info shows the hosts of a host file, and the GPUs this process may use", async () => {
  const file = hostfile("localhost slots=3 gpus=2\n");
  const { stdout } = await runApts(["info", "--hostfile", file]);
  expect(stdout).toMatch(
    /^host +localhost: \d+ cores?, GPUs 0, 1; ranks by default: 3 \(slots of the host file\)$/m,
  );
  const here = await runApts(["info"], { environment: { CUDA_VISIBLE_DEVICES: "1,3" } });
  expect(here.stdout).toMatch(/^host +.*, GPUs 1, 3; ranks by default: 2 \(one a GPU\)$/m);
});

it("apts train --dry-run shows rank, host, GPU and command, and leaves nothing", async () => {
  const out = join(temporaryFolder(), "run");
  const file = hostfile(`${hostname()} slots=2 gpus=2`);
  const { code, stdout } = await runApts(["train", "--hostfile", file, "--out", out, "--dry-run"]);
  expect(code).toBe(0);
  const rows = stdout.match(/│.*│/g)!.map((row) => row.split("│").map((cell) => cell.trim()));
  expect(rows.slice(1).map(([, rank, host, gpu]) => [rank, host, gpu])).toEqual([
    ["0", hostname(), "0"],
    ["1", hostname(), "1"],
  ]);
  expect(stdout).toMatch(`apts train --hostfile ${file} --out ${out}\n`);
  expect(existsSync(out)).toBe(false);
});

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

it("apts info says what is here, and how many ranks that makes", async () => {
  const { stdout } = await runApts(["info"], { environment: { CUDA_VISIBLE_DEVICES: "1,3" } });
  expect(stdout).toMatch(/^host +.*: \d+ cores?, GPU 1, 3; 2 ranks unless told otherwise, one per GPU$/m);
  expect(stdout).toMatch(/^backend +wasm: /m);
  expect(stdout).toMatch(/^not used +node-gpu: /m);
});

it("apts info looks at the hosts of a host file", async () => {
  const file = hostfile(`${hostname()} slots=3 gpus=0`);
  const { stdout } = await runApts(["info", "--hostfile", file]);
  expect(stdout).toMatch(/no GPU; 3 ranks unless told otherwise, as its slots= says$/m);
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

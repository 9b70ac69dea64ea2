import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runApts, temporaryFolder } from "../helpers/apts.js";

it("apts info says what is here, what will be used, how fast that is, and why nothing better", async () => {
  const { code, stdout } = await runApts(["info", "--backend", "wasm", "--blas", "/nowhere/libblas.so"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^apts +\d+\.\d+\.\d+, Node\.js v/);
  expect(stdout).toMatch(
    new RegExp(`^host +${hostname()}: \\d+ cores, .*; ranks by default: \\d+ \\(one a (core|GPU)\\)$`, "m"),
  );
  const [, speed] = /^backend +wasm: .*no native BLAS, 1 thread, ([\d.]+) GFLOP\/s/m.exec(stdout)!;
  expect(Number(speed)).toBeGreaterThan(0.1);
  expect(stdout).toMatch(/^not used +\/nowhere\/libblas\.so: .*No such file/m);
});

it("apts info shows the hosts of a host file", async () => {
  const hostfile = join(temporaryFolder(), "hosts.txt");
  writeFileSync(hostfile, "localhost slots=3 gpus=2\n");
  const { stdout } = await runApts(["info", "--hostfile", hostfile]);
  expect(stdout).toMatch(
    /^host +localhost: \d+ cores, GPUs 0, 1; ranks by default: 3 \(slots of the host file\)$/m,
  );
});

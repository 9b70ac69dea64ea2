import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { loadBlas } from "../../../src/compute/blas/load.js";
import { builtUrl, ROOT } from "../../helpers/built.js";

/** Multiplies on two threads, and ends while they still exist. */
const PROGRAM = `
  import { loadBlas } from ${JSON.stringify(builtUrl("src/compute/blas/load.ts"))};
  const { blas } = await loadBlas("auto", 2);
  const n = 512;
  const memory = new Float32Array(3 * n * n).fill(1);
  const at = blas.addressOf(new Uint8Array(memory.buffer));
  for (let i = 0; i < 20; i++) blas.sgemm(false, false, n, n, n, at, n, at + 4 * n * n, n, false, at + 8 * n * n, n);
  process.exitCode = memory.at(-1) === n ? 0 : 1;
`;

it("a process that has used a library on several threads ends well", async ({ skip }) => {
  if ((await loadBlas("auto", 1)).blas === undefined) skip("needs a BLAS");
  for (let i = 0; i < 4; i++) {
    const { status, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      cwd: ROOT,
    });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  }
});

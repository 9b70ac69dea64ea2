import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { loadBlas } from "../../../src/compute/blas/load.js";
import { builtUrl, ROOT } from "../../helpers/built.js";

/** Multiplies with oneDNN on so many threads and prints the cores of each thread that may not use them all. */
const PROGRAM = `
  import { readdirSync, readFileSync } from "node:fs";
  import { loadBlas } from ${JSON.stringify(builtUrl("src/compute/blas/load.ts"))};
  const coresOf = (thread) => /^Cpus_allowed_list:\\s+(.*)$/m.exec(readFileSync(\`/proc/self/task/\${thread}/status\`, "utf8"))[1];
  const all = coresOf(process.pid);
  const { blas } = await loadBlas("libdnnl.so.2", Number(process.argv[1]));
  const n = 512;
  const memory = new Float32Array(3 * n * n).fill(1);
  const at = blas.addressOf(new Uint8Array(memory.buffer));
  blas.sgemm(false, false, n, n, n, at, n, at + 4 * n * n, n, false, at + 8 * n * n, n);
  console.log(readdirSync("/proc/self/task").map(coresOf).filter((cores) => cores !== all).join(" "));
`;

it("threads have a core each where there are as many, and are free where there are not", async ({ skip }) => {
  if ((await loadBlas("libdnnl.so.2", 1)).blas === undefined) skip("needs oneDNN");
  const cores = availableParallelism();
  if (cores === 1) skip("needs two cores");
  const boundWith = (threads: number): string[] => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", PROGRAM, String(threads)],
      { cwd: ROOT, encoding: "utf8" },
    );
    expect(stderr).toBe("");
    return stdout.trim().split(" ").filter(Boolean);
  };
  const bound = boundWith(cores);
  expect(bound.length).toBeGreaterThanOrEqual(2);
  for (const core of bound) expect(core).toMatch(/^\d+$/);
  expect(new Set(bound).size).toBe(bound.length);
  expect(boundWith(cores + 1)).toEqual([]);
});

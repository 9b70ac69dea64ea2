/**
 * Compiles the kernels, twice: with and without fused multiply-add (see simd.ts). Writes them beside the code that
 * loads them, in src for tests and in dist for the package. Does nothing while they are newer than their source.
 */
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = fileURLToPath(new URL("../wasm/", import.meta.url));
const dist = fileURLToPath(new URL("../../../dist/src/compute/wasm/", import.meta.url));

const variants = [
  { file: "kernels.wasm", flags: ["--use", "FUSED=0"] },
  { file: "kernels-fused.wasm", flags: ["--use", "FUSED=1", "--enable", "relaxed-simd"] },
];

const common = "-O3 --noAssert --runtime stub --importMemory --enable simd --enable bulk-memory".split(" ");

export async function buildKernels() {
  const sources = (await readdir(here)).filter((name) => /\.(ts|mjs)$/.test(name)).map((name) => here + name);
  const newest = Math.max(...(await Promise.all(sources.map(modified))));
  for (const { file, flags } of variants) {
    if ((await modified(target + file)) < newest) {
      const args = [here + "index.ts", "--outFile", target + file, ...common, ...flags];
      const { error, stderr } = await asc.main(args);
      if (error) throw new Error(`The kernels do not compile: ${error.message}\n${stderr.toString()}`);
    }
  }
}

async function modified(file) {
  return (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}

/** vitest's global set-up. */
export const setup = buildKernels;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildKernels();
  await mkdir(dist, { recursive: true });
  for (const { file } of variants) await copyFile(target + file, dist + file);
}

/**
 * Compiles the kernels of the heap, twice: with and without fused multiply-add (see simd.ts), and those of vectors
 * and matrices. Writes
 * them beside the code that loads them, in src for tests and in dist for the package. Does nothing while they are newer
 * than their source.
 */
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = fileURLToPath(new URL("../../", import.meta.url));
const dist = fileURLToPath(new URL("../../../dist/src/", import.meta.url));

const [heap, own] = [["--importMemory"], ["--initialMemory", "4"]];
const modules = [
  { file: "compute/wasm/kernels.wasm", entry: "index.ts", flags: [...heap, "--use", "FUSED=0"] },
  {
    file: "compute/wasm/kernels-fused.wasm",
    entry: "index.ts",
    flags: [...heap, "--use", "FUSED=1", "--enable", "relaxed-simd"],
  },
  { file: "linalg/vectors.wasm", entry: "vectors.ts", flags: own },
  { file: "linalg/products.wasm", entry: "products.ts", flags: ["--use", "FUSED=0"] },
];

const common = "-O3 --noAssert --runtime stub --enable simd --enable bulk-memory".split(" ");

export async function buildKernels() {
  const sources = (await readdir(here)).filter((name) => /\.(ts|mjs)$/.test(name)).map((name) => here + name);
  const newest = Math.max(...(await Promise.all(sources.map(modified))));
  for (const { file, entry, flags } of modules) {
    if ((await modified(source + file)) < newest) {
      const args = [here + entry, "--outFile", source + file, ...common, ...flags];
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
  for (const { file } of modules) {
    await mkdir(dirname(dist + file), { recursive: true });
    await copyFile(source + file, dist + file);
  }
}

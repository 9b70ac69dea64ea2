/**
 * Bundles what a page does in a browser to one script, beside the code that puts it into pages: in src for tests and in
 * dist for the package. Does nothing while it is newer than its sources.
 */
import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const here = fileURLToPath(new URL(".", import.meta.url));
const script = `${here}script.js`;
const dist = fileURLToPath(new URL("../../../dist/src/report/page/script.js", import.meta.url));

export async function buildPage() {
  const sources = (await readdir(here, { recursive: true }))
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => here + name);
  const newest = Math.max(...(await Promise.all([...sources, `${here}../style.ts`].map(modified))));
  if ((await modified(script)) > newest) return;
  const bundle = await rolldown({ input: `${here}browser/main.ts`, platform: "browser" });
  await bundle.write({ file: script, format: "esm", minify: true });
  await bundle.close();
}

async function modified(file) {
  return (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}

/** vitest's global set-up. */
export const setup = buildPage;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage();
  await mkdir(dirname(dist), { recursive: true });
  await copyFile(script, dist);
}

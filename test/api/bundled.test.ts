import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../helpers/apts.js";
import { built, ROOT } from "../helpers/built.js";

interface Bundler {
  rolldown(options: object): Promise<{ write(options: object): Promise<unknown>; close(): Promise<void> }>;
}
/** It comes with vitest, today. */
const bundler = await load<Bundler>("rolldown");

async function load<T>(name: string): Promise<T | undefined> {
  return (import(name) as Promise<T>).catch(() => undefined);
}

it.skipIf(bundler === undefined)("a program with apts in its bundle is told to keep it out", async () => {
  const folder = temporaryFolder();
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const input = join(folder, "program.mjs");
  writeFileSync(
    input,
    `import { train } from ${JSON.stringify(built("src/index.ts"))};
     await train({ ranks: 1, epochs: 1, trainSamples: 40, testSamples: 20, out: "run" }).catch((error) => {
       console.log(error.name + ": " + error.message);
       process.exitCode = error.exitCode;
     });`,
  );
  const external = [/^@tensorflow/, /^webgpu/, "zeromq", "koffi"];
  const bundle = await bundler!.rolldown({ input, platform: "node", logLevel: "silent", external });
  // Named as one of the programs that are looked for.
  await bundle.write({ dir: join(folder, "out"), format: "esm", entryFileNames: "main.js" });
  await bundle.close();
  const { status, stdout } = spawnSync(process.execPath, ["out/main.js"], { cwd: folder, encoding: "utf8" });
  expect(stdout).toMatch(/^UsageError: .*bundled.*external/);
  expect(stdout).not.toMatch(/ssh/);
  expect(status).toBe(2);
});

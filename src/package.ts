import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { UsageError } from "./errors.js";

/**
 * The path of a program of this package that is started as a process of its own.
 * @param beside the module that names it, by `import.meta.url`
 * @throws UsageError where a bundler has taken that module away from its package
 */
export function ownProgram(file: string, beside: string): string {
  const path = fileURLToPath(new URL(file, beside));
  if (existsSync(path)) return path;
  throw new UsageError(
    `Expected the programs that apts starts beside its library, but there is no ${path}: apts seems to be bundled into a program. ` +
      `Keep it out of the bundle, as an external module (rolldown, rollup: external: ["apts"]; esbuild: --external:apts; ` +
      `webpack: externals), and in node_modules where the program runs.`,
  );
}

/** The version in package.json. */
export function aptsVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("apts/package.json") as { version: string }).version;
}

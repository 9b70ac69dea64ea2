import { createRequire } from "node:module";
import type { TrainConfig } from "./options.js";
import type { Setup } from "./setup.js";

/** `config.json`: everything needed to repeat the run. */
export function recordOf(config: TrainConfig, { backend, decomposition }: Setup) {
  return {
    apts: aptsVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    backend: { name: backend.name, fingerprint: backend.fingerprint },
    parameters: decomposition.dimension,
    started: new Date().toISOString(),
    options: config,
  };
}

/** The version in package.json. */
export function aptsVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("apts/package.json") as { version: string }).version;
}

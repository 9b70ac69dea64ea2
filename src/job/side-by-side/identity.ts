import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { aptsVersion } from "../../package.js";
import { ofEveryRun, type TrainConfig } from "../../run/options/config.js";
import type { KnownData } from "./data.js";

/** What changes neither what comes out nor how long it takes. */
const WITHOUT_EFFECT = [
  "out",
  "dataDir", // the samples are compared
  "timeout",
  "checkpointEvery",
  "checkpointMinutes",
  "keepCheckpoints",
  "track",
] satisfies (keyof TrainConfig)[];

/**
 * SHA-256 of all that determines what comes out of a run: two of one key are one.
 * @param version what the code of the method is told by
 * @param otherwise options that are told by that
 */
export function keyOf(
  config: TrainConfig,
  data: KnownData,
  version: string,
  otherwise: readonly (keyof TrainConfig)[],
): string {
  const left = new Set<string>([...WITHOUT_EFFECT, ...otherwise]);
  const options = Object.entries(config)
    .filter(([name, value]) => !left.has(name) && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const modules = [config.model, config.loss, config.objective].map((file) =>
    file !== undefined && existsSync(file) ? sha256(readFileSync(file)) : null,
  );
  return sha256(JSON.stringify({ apts: aptsVersion(), options, modules, data, version }));
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The options of a run, all said, as `apts train --config` takes them: what its method says of itself is none. */
export function optionsOf(config: TrainConfig): Record<string, unknown> {
  const used = Object.entries(ofEveryRun(config)).filter(([name]) => !config.unused.includes(name));
  return { ...Object.fromEntries(used), ...config.methodOptions };
}

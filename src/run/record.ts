import { createRequire } from "node:module";
import type { Position } from "./ledger.js";
import type { TrainConfig } from "./options.js";
import type { TreatmentRecord } from "../network/inputs/standardisation.js";
import type { Setup } from "./setup.js";

/** `config.json`: everything needed to repeat the run. */
export interface RunRecord {
  readonly apts: string;
  readonly node: string;
  readonly platform: string;
  readonly backend: { readonly name: string; readonly fingerprint: string; readonly threads: number };
  readonly parameters: number;
  readonly inputs: TreatmentRecord;
  readonly started: string;
  readonly options: TrainConfig;
  /** Each time the run went on from a checkpoint. */
  readonly resumed?: readonly (Pick<RunRecord, "node" | "backend"> & {
    readonly at: string;
    readonly from: Position;
    readonly ranks: number;
  })[];
}

export function recordOf(config: TrainConfig, { backend, inputs, decomposition }: Setup): RunRecord {
  const { name, fingerprint, threads } = backend;
  return {
    apts: aptsVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    backend: { name, fingerprint, threads },
    parameters: decomposition.dimension,
    inputs: inputs.record,
    started: new Date().toISOString(),
    options: { ...config, standardise: inputs.record.standardised },
  };
}

/** The version in package.json. */
export function aptsVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("apts/package.json") as { version: string }).version;
}

import { createRequire } from "node:module";
import type { Dataset } from "../../data/dataset.js";
import type { Position } from "../ledger.js";
import type { TrainConfig } from "../options/config.js";
import type { TreatmentRecord } from "../../network/inputs/standardisation.js";
import type { Setup } from "../setup.js";

interface SamplesRecord {
  readonly count: number;
  readonly sampleShape: readonly number[];
  readonly classes: number;
  readonly sha256: string;
}

/** `config.json`: everything needed to repeat the run. */
export interface RunRecord {
  readonly apts: string;
  readonly node: string;
  readonly platform: string;
  readonly backend: { readonly name: string; readonly fingerprint: string; readonly threads: number };
  readonly parameters: number;
  readonly inputs: TreatmentRecord;
  /** What was trained on, and measured with. */
  readonly samples: { readonly train: SamplesRecord; readonly test: SamplesRecord };
  readonly started: string;
  readonly options: TrainConfig;
  /** Each time the run went on from a checkpoint. */
  readonly resumed?: readonly (Pick<RunRecord, "node" | "backend"> & {
    readonly at: string;
    readonly from: Position;
    readonly ranks: number;
  })[];
}

export function recordOf(
  config: TrainConfig,
  { backend, data, inputs, decomposition }: Setup,
  hashes: { readonly train: string; readonly test: string },
): RunRecord {
  const { name, fingerprint, threads } = backend;
  return {
    apts: aptsVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    backend: { name, fingerprint, threads },
    parameters: decomposition.dimension,
    inputs: inputs.record,
    samples: {
      train: samplesRecord(data.train, hashes.train),
      test: samplesRecord(data.test, hashes.test),
    },
    started: new Date().toISOString(),
    options: { ...config, standardise: inputs.record.standardised },
  };
}

function samplesRecord({ labels, sampleShape, classes }: Dataset, sha256: string): SamplesRecord {
  return { count: labels.length, sampleShape, classes, sha256 };
}

/** The version in package.json. */
export function aptsVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("apts/package.json") as { version: string }).version;
}

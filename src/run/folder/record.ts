import { headerOf, type DatasetHeader } from "../../data/dataset-file.js";
import type { Position } from "../ledger.js";
import type { TrainConfig } from "../options/config.js";
import type { TreatmentRecord } from "../../network/inputs/standardisation.js";
import type { StagePlan } from "../../network/stages/plan.js";
import { aptsVersion } from "../../package.js";
import type { Setup } from "../setup.js";
import { cutsOf, type StagesOfRun } from "../stages/stages-of-run.js";

interface SamplesRecord extends DatasetHeader {
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
  /** Where the network is in stages. */
  readonly stages?: {
    /** The layers that stages end with, but for the last: `--cut`. */
    readonly cut: readonly string[];
    readonly microBatchRows: number;
    /** By stage: what was counted that it takes. */
    readonly bytes: readonly number[];
    readonly plan: StagePlan;
  };
  /** What is minimised, for each output of the model. */
  readonly losses: readonly { readonly output: string; readonly loss: string; readonly weight: number }[];
  /** What was trained on, and measured with. */
  readonly samples: { readonly train: SamplesRecord; readonly test: SamplesRecord | null };
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
  { backend, data, goal, inputs, network, stages }: Setup,
  hashes: { readonly train: string; readonly test: string | undefined },
): RunRecord {
  const { name, fingerprint, threads } = backend;
  return {
    apts: aptsVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    backend: { name, fingerprint, threads },
    parameters: network.space.dimension,
    inputs: inputs.record,
    ...(stages && { stages: recordOfStages(stages) }),
    losses: goal.outputs.map(({ name, reported, weight }) => ({ output: name, loss: reported.name, weight })),
    samples: {
      train: { ...headerOf(data.train), sha256: hashes.train },
      test: data.test ? { ...headerOf(data.test), sha256: hashes.test! } : null,
    },
    started: new Date().toISOString(),
    options: { ...config, standardise: inputs.record.standardised },
  };
}

function recordOfStages({ plan, microBatchRows, bytes }: StagesOfRun): NonNullable<RunRecord["stages"]> {
  return { cut: cutsOf(plan), microBatchRows, bytes, plan };
}

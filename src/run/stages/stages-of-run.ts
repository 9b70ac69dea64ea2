import type { tf } from "../../compute/tensorflow.js";
import type { Communicator } from "../../comm/communicator.js";
import type { PassClock } from "../../network/pipeline/pass-clock.js";
import type { StagePlan } from "../../network/stages/plan.js";

/** This rank's place in a network in stages: rank = replica · stages + stage. */
export interface StagesOfRun {
  readonly plan: StagePlan;
  /** Which of them is held here, from 0 on. */
  readonly stage: number;
  /** Which copy of the network it is part of. */
  readonly replica: number;
  /** The stages of this replica, in their order. */
  readonly pipeline: Communicator;
  /** Samples of a micro-batch, at most, and how many there are of the largest mini-batch. */
  readonly microBatchRows: number;
  readonly microBatches: number;
  /** By stage: what was counted that it takes (src/network/stages/memory.ts). */
  readonly bytes: readonly number[];
  /** And the whole network on one rank. */
  readonly bytesOfWhole: number;
  /** Of the passes through this rank's stage. */
  readonly clock: PassClock;
  /** The whole model without its weights, as it is handed back. */
  readonly hollow: tf.LayersModel;
}

/** The layers that stages end with, but for the last: as --cut names them. */
export function cutsOf({ stages }: StagePlan): string[] {
  return stages.slice(0, -1).map(({ layers }) => layers.at(-1)!);
}

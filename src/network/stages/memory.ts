import { sizeOf } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import type { StagePlan } from "./plan.js";

/** How a run uses the memory of a rank. */
export interface Usage {
  /** Vectors as long as the stage's parameters: `EVALUATOR_VECTORS` and those of the method, θ and ∇f among them. */
  readonly vectors: number;
  /** Samples of a micro-batch. */
  readonly rows: number;
  /** Micro-batches whose h and c are kept for local problems (docs/algorithms.md §6.2), where a method has some. */
  readonly kept?: number;
}

/** The model's variables, and an evaluator's own values and gradients. */
export const EVALUATOR_VECTORS = 3;

/** What of a stage decides the memory it takes; bytes are those of a sample. */
export interface Load {
  readonly parameters: number;
  readonly activationBytes: number;
  readonly takenBytes: number;
  readonly givenBytes: number;
  /** Stages behind it. */
  readonly behind: number;
}

/** Bytes of a rank. */
export interface StageMemory {
  /** Parameters and all that is as long. */
  readonly vectors: number;
  /** Inputs and cotangents of micro-batches, and messages on their way. */
  readonly held: number;
  /** Results of a micro-batch and gradients by them. */
  readonly activations: number;
}

/** What the stage with that load takes. */
export function memoryOf(
  { parameters, activationBytes, takenBytes, givenBytes, behind }: Load,
  usage: Usage,
): StageMemory {
  const { vectors, rows, kept = 0 } = usage;
  // Stage s is N − 1 − s micro-batches ahead of their backward passes; each message is a copy.
  const inputs = Math.max(behind + 1, kept) + 2;
  const outputs = Math.max(1, kept) + behind + 2;
  return {
    vectors: 4 * vectors * parameters,
    held: rows * (inputs * takenBytes + outputs * givenBytes),
    activations: rows * activationBytes,
  };
}

export function bytesOf(load: Load, usage: Usage): number {
  const { vectors, held, activations } = memoryOf(load, usage);
  return vectors + held + activations;
}

/** What each stage of a plan takes. */
export function memoryOfStages({ crossings, stages }: StagePlan, usage: Usage): StageMemory[] {
  const bytes = (own: readonly number[]) => own.reduce((sum, i) => sum + 4 * sizeOf(crossings[i]!.shape), 0);
  return stages.map(({ parameters, activationBytes, takes, gives }, stage) =>
    memoryOf(
      {
        parameters,
        activationBytes,
        takenBytes: bytes(takes),
        givenBytes: bytes(gives),
        behind: stages.length - 1 - stage,
      },
      usage,
    ),
  );
}

/** Larger pipelines than this are not looked for. */
const MOST_STAGES = 64;

/**
 * Makes sure that every rank can hold its stage.
 * @param memory bytes of a rank
 * @param planOf the network cut in another number of stages; it may throw a UsageError. Undefined where it is cut by hand
 * @throws UsageError that says what the largest stage takes, and on how many stages the network would fit
 */
export function checkMemory(
  plan: StagePlan,
  usage: Usage,
  memory: number,
  planOf: ((stages: number) => StagePlan) | undefined,
): void {
  const most = largestOf(plan, usage);
  if (totalOf(most) <= memory) return;
  const count = plan.stages.length;
  const fitting =
    planOf && fittingFrom(count + 1, planOf, (other) => totalOf(largestOf(other, usage)) <= memory);
  const needed = `--memory ${megabytes(totalOf(most))}`;
  throw new UsageError(
    `Expected each of ${count} stages to take ${megabytes(memory)} MB at most, but stage ${most.stage} takes ${megabytes(totalOf(most))} MB: ` +
      `${megabytes(most.vectors)} for parameters and what is as long, ${megabytes(most.held)} for micro-batches on their way, ` +
      `${megabytes(most.activations)} for the results of ${usage.rows} samples. ` +
      (fitting === undefined
        ? `Allow more with ${needed}, or give more --micro-batches.`
        : `Give --stages ${fitting}, or allow more with ${needed}.`),
  );
}

/** The smallest number of stages from `least` on that fits; undefined where none is found. */
function fittingFrom(
  least: number,
  planOf: (stages: number) => StagePlan,
  fits: (plan: StagePlan) => boolean,
): number | undefined {
  try {
    for (let stages = least; stages <= MOST_STAGES; stages++) if (fits(planOf(stages))) return stages;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error; // it cannot be cut in so many
  }
  return undefined;
}

/** Of the stage that takes most. */
function largestOf(plan: StagePlan, usage: Usage): StageMemory & { readonly stage: number } {
  return memoryOfStages(plan, usage)
    .map((memory, stage) => ({ ...memory, stage }))
    .reduce((a, b) => (totalOf(b) > totalOf(a) ? b : a));
}

function totalOf({ vectors, held, activations }: StageMemory): number {
  return vectors + held + activations;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

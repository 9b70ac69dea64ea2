import { sizeOf } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import type { StagePlan } from "./plan.js";

/** How a run uses the memory of a rank. */
export interface Usage {
  /** Vectors as long as the stage's parameters: those of an evaluator, of a step and of the method, and partial sums. */
  readonly vectors: number;
  /** Samples of a micro-batch. */
  readonly rows: number;
  /** Micro-batches whose h and c are kept for local problems (docs/algorithms.md §6.2), where a method has some. */
  readonly kept?: number;
  /** What a rank may take; nothing is said where undefined. */
  readonly limit?: MemoryLimit;
  /** Whether a forward pass can retain its results for the backward pass. */
  readonly canRetain?: boolean;
}

/** What a rank may take. */
export interface MemoryLimit {
  readonly bytes: number;
  /** Whether that is what --memory says; else it is a rank's share of its host's. */
  readonly isAsked: boolean;
}

/** Bytes that results may take where nothing is said: half the WebAssembly heap. */
export const RESULTS = 2 ** 31;
/** Nobody gains from less memory than a process takes by itself. */
const LEAST_MEMORY = 2 ** 26;
/** A stage may take so much more than an equal share of one rank's memory, for the sake of shorter computations. */
const UNEVEN_MEMORY = 1.25;

/**
 * Bytes that stages are to take at most: what was asked for, else 1.25/N of what the whole would take on one rank.
 * @param whole bytes
 * @param least that a stage takes however the network is cut
 */
export function roomOf(stages: number, whole: number, least: number, { limit }: Usage): number {
  const even = Math.max((UNEVEN_MEMORY / stages) * whole, LEAST_MEMORY);
  return Math.max(least, limit?.isAsked ? limit.bytes : Math.min(even, limit?.bytes ?? Infinity));
}

/** Of an evaluator: gradients, and values, which are in the model's variables; where the model is not its own these are a third. */
export const EVALUATOR_VECTORS = 2;
/** Of a step: θ before and after it, and ∇f. */
export const STEP_VECTORS = 3;

/** Partial sums of so many micro-batches' gradients that are there at a time, beside ∇f (src/linalg/tree-sum.ts). */
export function partialSums(microBatches: number, replicas = 1): number {
  const levels = Math.ceil(Math.log2(microBatches));
  return replicas === 1 ? Math.max(0, levels - 1) : levels + 1; // of replicas the total is sent, too
}

/** What of a stage decides the memory it takes; bytes are those of a sample. */
export interface Load {
  readonly parameters: number;
  readonly activationBytes: number;
  readonly takenBytes: number;
  readonly givenBytes: number;
  /** Stages behind it. */
  readonly behind: number;
  /** Whether results of a forward pass are retained for the backward pass. */
  readonly retains: boolean;
}

/** Bytes of a rank. */
export interface StageMemory {
  /** Parameters and all that is as long. */
  readonly vectors: number;
  /** Inputs and cotangents of micro-batches, and messages on their way. */
  readonly held: number;
  /** Results of a micro-batch and gradients by them; of all micro-batches between their passes where they are retained. */
  readonly activations: number;
}

/** What the stage with that load takes. */
export function memoryOf(
  { parameters, activationBytes, takenBytes, givenBytes, behind, retains }: Load,
  usage: Usage,
): StageMemory {
  const { vectors, rows, kept = 0 } = usage;
  // Stage s is N − 1 − s micro-batches ahead of their backward passes; each message is a copy.
  const inputs = Math.max(behind + 1, kept) + 2;
  const outputs = Math.max(1, kept) + behind + 2;
  return {
    vectors: 4 * vectors * parameters,
    held: rows * (inputs * takenBytes + outputs * givenBytes),
    activations: (retains ? behind + 1 : 1) * rows * activationBytes,
  };
}

export function bytesOf(load: Load, usage: Usage): number {
  return totalOf(memoryOf(load, usage));
}

/** Whether the stage with that load, of which several micro-batches are between their passes, has room to retain their results. */
export function hasRoomToRetain(load: Omit<Load, "retains">, usage: Usage, room: number): boolean {
  if (!usage.canRetain || load.behind === 0) return false;
  const memory = memoryOf({ ...load, retains: true }, usage);
  return memory.activations <= RESULTS && totalOf(memory) <= room;
}

/** What the whole network takes on one rank. */
export function bytesOfWhole({ whole }: Pick<StagePlan, "whole">, usage: Usage): number {
  return bytesOf({ ...whole, takenBytes: 0, givenBytes: 0, behind: 0, retains: false }, usage);
}

/** What each stage of a plan takes. */
export function memoryOfStages(plan: StagePlan, usage: Usage): StageMemory[] {
  return plan.stages.map((stage, s) => memoryOf({ ...loadOf(plan, s), retains: stage.retains }, usage));
}

/** The plan with results retained where there is room for them. */
export function retainingWhatFits(plan: StagePlan, usage: Usage): StagePlan {
  const loads = plan.stages.map((_, s) => loadOf(plan, s));
  const least = Math.max(...loads.map((load) => bytesOf({ ...load, retains: false }, usage)));
  const room = roomOf(loads.length, bytesOfWhole(plan, usage), least, usage);
  return {
    ...plan,
    stages: plan.stages.map((stage, s) => ({ ...stage, retains: hasRoomToRetain(loads[s]!, usage, room) })),
  };
}

function loadOf({ crossings, stages }: StagePlan, s: number): Omit<Load, "retains"> {
  const { parameters, activationBytes, takes, gives } = stages[s]!;
  const bytes = (own: readonly number[]) => own.reduce((sum, i) => sum + 4 * sizeOf(crossings[i]!.shape), 0);
  return {
    parameters,
    activationBytes,
    takenBytes: bytes(takes),
    givenBytes: bytes(gives),
    behind: stages.length - 1 - s,
  };
}

/** Larger pipelines than this are not looked for. */
const MOST_STAGES = 64;

/**
 * Makes sure that every rank can hold its stage.
 * @param planOf the network cut in another number of stages; it may throw a UsageError. Undefined where it is not to be cut otherwise
 * @throws UsageError that says what the largest stage takes, and on how many stages the network would fit
 */
export function checkMemory(
  plan: StagePlan,
  usage: Usage,
  limit: MemoryLimit,
  planOf: ((stages: number) => StagePlan) | undefined,
): void {
  const most = largestOf(plan, usage);
  if (totalOf(most) <= limit.bytes) return;
  const count = plan.stages.length;
  throw new UsageError(
    `Expected each of ${count} stages to take ${shownLimit(limit)} at most, but stage ${most.stage + 1} takes ${megabytes(totalOf(most))} MB: ` +
      `${megabytes(most.vectors)} for parameters and what is as long, ${megabytes(most.held)} for micro-batches on their way or kept, ` +
      `${megabytes(most.activations)} for the results of ${usage.rows} samples. ` +
      remedy(totalOf(most), usage, limit, count + 1, planOf, "give more --micro-batches"),
  );
}

/**
 * The same of a network that is whole on every rank.
 * @param parameters n
 * @param usage of a rank; nothing but vectors counts, since results are made in parts that fit
 * @throws UsageError
 */
export function checkWhole(
  parameters: number,
  usage: Usage,
  limit: MemoryLimit,
  planOf: ((stages: number) => StagePlan) | undefined,
): void {
  const bytes = 4 * usage.vectors * parameters;
  if (bytes <= limit.bytes) return;
  throw new UsageError(
    `Expected the network to take ${shownLimit(limit)} at most, but its ${parameters.toLocaleString("en")} parameters and what is as long ` +
      `take ${megabytes(bytes)} MB. ` +
      remedy(bytes, usage, limit, 2, planOf, "take a smaller network"),
  );
}

function shownLimit({ bytes, isAsked }: MemoryLimit): string {
  const shown = `${Math.floor(bytes / 2 ** 20)} MB of a rank`;
  return isAsked ? shown : `${shown}, its share of its host's memory,`;
}

function remedy(
  bytes: number,
  usage: Usage,
  limit: MemoryLimit,
  least: number,
  planOf: ((stages: number) => StagePlan) | undefined,
  otherwise: string,
): string {
  const fitting =
    planOf && fittingFrom(least, planOf, (plan) => totalOf(largestOf(plan, usage)) <= limit.bytes);
  const allow = limit.isAsked ? `allow more with --memory ${megabytes(bytes)}` : "run fewer ranks on a host";
  return fitting === undefined
    ? `${allow[0]!.toUpperCase()}${allow.slice(1)}, or ${otherwise}.`
    : `Give --stages ${fitting}, or ${allow}.`;
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
export function largestOf(plan: StagePlan, usage: Usage): StageMemory & { readonly stage: number } {
  return memoryOfStages(plan, usage)
    .map((memory, stage) => ({ ...memory, stage }))
    .reduce((a, b) => (totalOf(b) > totalOf(a) ? b : a));
}

export function totalOf({ vectors, held, activations }: StageMemory): number {
  return vectors + held + activations;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

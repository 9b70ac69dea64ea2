import type { tf } from "../../compute/tensorflow.js";
import { isFrozen, layersOf } from "../../network/inspect/graph.js";
import {
  bytesOfWhole,
  checkMemory,
  EVALUATOR_VECTORS,
  largestOf,
  memoryOfStages,
  partialSums,
  RESULTS,
  retainingWhatFits,
  STEP_VECTORS,
  totalOf,
  type MemoryLimit,
  type Usage,
} from "../../network/stages/memory.js";
import { planStages, type StagePlan } from "../../network/stages/plan.js";
import { findMethod } from "../../methods/registry.js";
import type { TrainConfig } from "../options/config.js";
import { endsOf } from "../options/stages.js";
import { rememberedBy } from "../rank-memory.js";
import { microBatchRows } from "./micro-batches.js";

/** How a network is cut in stages, and its mini-batches in micro-batches: plain values, the same on every rank. */
export interface RunPlan {
  readonly plan: StagePlan;
  /** Samples of a micro-batch, at most. */
  readonly microBatchRows: number;
  /** By stage: bytes that it takes, and those that are left for the results of a micro-batch. */
  readonly bytes: readonly number[];
  readonly room: readonly number[];
  /** What the whole network would take on one rank. */
  readonly bytesOfWhole: number;
}

/** What decides it. */
type Asked = Pick<
  TrainConfig,
  "stages" | "cut" | "microBatches" | "ghostBatch" | "memory" | "method" | "methodOptions"
>;

/** What else does. */
interface Given {
  readonly limit: MemoryLimit;
  /** Copies of the network. */
  readonly replicas: number;
  /** Whether evaluators can retain results. */
  readonly canRetain: boolean;
  /** Whether the method may solve local problems. */
  readonly solvesLocally: boolean;
  /** What messages call the model. */
  readonly name: string;
}

/**
 * @param outline may be hollow
 * @param rows samples of the largest mini-batch
 * @throws UsageError where the network cannot be cut so, or does not fit
 */
export async function planRun(
  outline: tf.LayersModel,
  asked: Asked,
  rows: number,
  { limit, replicas, canRetain, solvesLocally, name }: Given,
): Promise<RunPlan> {
  const { stages, cut, microBatches, ghostBatch } = asked;
  const method = await findMethod(asked.method);
  const ofLocal = solvesLocally ? 1 : 0; // where its problems are of
  const ofMethod = EVALUATOR_VECTORS + STEP_VECTORS + rememberedBy(method, asked.methodOptions) + ofLocal;
  const usageOf = (count: number, rowsOfEach: number, copies = 1): Usage => ({
    vectors: ofMethod + partialSums(count, copies),
    rows: rowsOfEach,
    limit,
    canRetain,
    ...(solvesLocally && { kept: Math.ceil(count / copies) }),
  });
  const planFor = (usage: Usage, wanted = stages) =>
    planStages(outline, cut === undefined ? { stages: wanted } : { ends: endsOf(cut) }, usage, name);

  const size = microBatchRows({
    rows,
    stages,
    asked: microBatches,
    groupRows: normalisesBatches(outline) ? ghostBatch : undefined,
    fits: (count, rowsOfEach) => {
      const usage = usageOf(count, rowsOfEach);
      const most = largestOf(planFor(usage), usage);
      return totalOf(most) <= limit.bytes && most.activations <= RESULTS;
    },
  });
  // Where it is cut does not depend on the replicas: another number of them is to change no bit.
  const count = Math.ceil(rows / size);
  const usage = usageOf(count, size, replicas);
  const plan = retainingWhatFits(planFor(usageOf(count, size)), usage);
  checkMemory(plan, usage, limit, cut === undefined ? (more) => planFor(usage, more) : undefined);
  const memory = memoryOfStages(plan, usage);
  return {
    plan,
    microBatchRows: size,
    bytes: memory.map(totalOf),
    bytesOfWhole: bytesOfWhole(plan, usage),
    room: memory.map(({ vectors, held, activations }, s) => {
      const retained = activations - size * plan.stages[s]!.activationBytes;
      return limit.isAsked ? limit.bytes - vectors - held - retained : RESULTS;
    }),
  };
}

/** Whether in training it normalises by the statistics of the samples that it sees at once. */
function normalisesBatches(model: tf.LayersModel): boolean {
  return [...layersOf(model)].some(
    (placed) => placed.layer.getClassName() === "BatchNormalization" && !isFrozen(placed),
  );
}

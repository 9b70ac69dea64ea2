import type { tf } from "../../compute/tensorflow.js";
import { isFrozen, layersOf } from "../../network/inspect/graph.js";
import {
  checkMemory,
  EVALUATOR_VECTORS,
  largestOf,
  memoryOfStages,
  partialSums,
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
  /** By stage: bytes that it takes, and those of them that are left for the results of samples. */
  readonly bytes: readonly number[];
  readonly room: readonly number[];
}

/** What decides it. */
type Asked = Pick<
  TrainConfig,
  "stages" | "cut" | "microBatches" | "ghostBatch" | "memory" | "method" | "methodOptions"
>;

/** Vectors as long as θ that cuts are balanced by. */
const VECTORS = 6;
/** Bytes that results may take where nothing is said. */
const RESULTS = 2 ** 31;

/**
 * @param outline may be hollow
 * @param rows samples of the largest mini-batch
 * @param name what messages call the model
 * @throws UsageError where the network cannot be cut so, or does not fit
 */
export async function planRun(
  outline: tf.LayersModel,
  asked: Asked,
  rows: number,
  { limit, replicas, name }: { limit: MemoryLimit; replicas: number; name: string },
): Promise<RunPlan> {
  const { stages, cut, microBatches, ghostBatch } = asked;
  const method = await findMethod(asked.method);
  const ofMethod = EVALUATOR_VECTORS + STEP_VECTORS + rememberedBy(method, asked.methodOptions);
  const usageOf = (count: number, rowsOfEach: number, copies = 1): Usage => ({
    vectors: ofMethod + partialSums(count, copies),
    rows: rowsOfEach,
    ...(method.stages && { kept: Math.ceil(count / copies) }),
  });

  const balanced = (count: number) =>
    planStages(outline, { stages: count }, { vectors: VECTORS, rows: Math.ceil(rows / (2 * count)) }, name);
  const first =
    cut === undefined ? balanced(stages) : planStages(outline, { ends: endsOf(cut) }, usageOf(1, rows), name);
  /** One that fits in what the user allows; where memory is scarce it is shared more evenly. */
  const fitting = (usage: Usage) => {
    const fits = (plan: StagePlan) => totalOf(largestOf(plan, usage)) <= limit.bytes;
    if (!limit.isAsked || fits(first)) return first;
    if (cut !== undefined) return undefined;
    const even = planStages(outline, { stages }, { ...usage, most: limit.bytes }, name);
    return fits(even) ? even : undefined;
  };
  const size = microBatchRows({
    rows,
    stages,
    asked: microBatches,
    groupRows: normalisesBatches(outline) ? ghostBatch : undefined,
    activationBytes: Math.max(...first.stages.map(({ activationBytes }) => activationBytes)),
    memory: limit.isAsked ? limit.bytes : RESULTS,
    fits: (count, rowsOfEach) => fitting(usageOf(count, rowsOfEach)) !== undefined,
  });
  const count = Math.ceil(rows / size);
  const plan = fitting(usageOf(count, size)) ?? first;
  const usage = usageOf(count, size, replicas);
  checkMemory(plan, usage, limit, cut === undefined ? balanced : undefined);
  const memory = memoryOfStages(plan, usage);
  return {
    plan,
    microBatchRows: size,
    bytes: memory.map(totalOf),
    room: memory.map(({ vectors, held }) => (limit.isAsked ? limit.bytes - vectors - held : RESULTS)),
  };
}

/** Whether in training it normalises by the statistics of the samples that it sees at once. */
function normalisesBatches(model: tf.LayersModel): boolean {
  return [...layersOf(model)].some(
    (placed) => placed.layer.getClassName() === "BatchNormalization" && !isFrozen(placed),
  );
}

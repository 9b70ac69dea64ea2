import { selfCommunicator } from "../../../comm/index.js";
import { sizeOf } from "../../../data/dataset.js";
import { UsageError } from "../../../errors.js";
import { workOf, type StagePlan } from "../../../network/stages/plan.js";
import type { TrainConfig } from "../../../run/options/config.js";
import { memoryOfRanks } from "../../../run/rank-memory.js";
import { solvesLocally } from "../../../run/stages/local-problems.js";
import { planRun, type RunPlan } from "../../../run/stages/plan-run.js";
import type { StagesOfRun } from "../../../run/stages/stages-of-run.js";
import type { StagedNetwork } from "./iteration.js";
import type { Edge } from "./walk.js";

/** Of the forward and backward pass. */
const FORWARD = 1 / 3;

/** What crosses between stages with each micro-batch of so many samples; all from one to another goes in one message. */
export function edgesOf({ crossings }: StagePlan, rows: number): Edge[] {
  const bytes = new Map<string, Edge>();
  for (const { from, to, shape } of crossings) {
    for (const taker of to) {
      const key = `${from} ${taker}`;
      const before = bytes.get(key)?.bytes ?? 0;
      bytes.set(key, { from, to: taker, bytes: before + 4 * rows * sizeOf(shape) });
    }
  }
  return [...bytes.values()];
}

/** What was probed, and of what. */
interface Probed {
  readonly config: TrainConfig;
  readonly staged: StagedNetwork;
  /** Samples of a mini-batch, and of the training set. */
  readonly rows: number;
  readonly samples: number;
  /** Whether evaluators can retain results. */
  readonly canRetain: boolean;
}

/** The network in 2, 4, 8, … stages, as far as it can be cut. What stages take is counted, at the rate of those that were probed. */
export async function furtherCuts(
  { plan: own, hollow }: Pick<StagesOfRun, "plan" | "hollow">,
  { config, staged, rows, samples, canRetain }: Probed,
): Promise<StagedNetwork[]> {
  const sum = (of: (stage: number) => number, { stages }: { readonly stages: readonly unknown[] }): number =>
    stages.reduce<number>((total, _, stage) => total + of(stage), 0);
  const there = ({ forward, backward }: StagedNetwork["stages"][number]): number => forward + backward;
  const seconds = staged.microBatches * sum((stage) => there(staged.stages[stage]!), staged);
  /** Of a sample's operation. */
  const rate = seconds / rows / sum((stage) => workOf(own, stage), own);
  const update = sum((stage) => staged.stages[stage]!.update, staged) / own.whole.parameters;
  const limit = await memoryOfRanks(selfCommunicator(), config.memory);
  const local = await solvesLocally(config, samples);
  const given = { limit, replicas: 1, canRetain, solvesLocally: local, name: config.model };

  const stagedAs = ({ plan, microBatchRows }: RunPlan): StagedNetwork => {
    const microBatches = Math.ceil(rows / microBatchRows);
    const pace = (rate * rows) / microBatches;
    return {
      microBatches,
      edges: edgesOf(plan, rows / microBatches),
      stages: plan.stages.map(({ flops, parameters }, stage) => {
        const loss = FORWARD * flops * pace;
        const forward = stage === plan.stages.length - 1 ? 0 : loss;
        const backward = workOf(plan, stage) * pace - forward;
        return { forward, backward, loss, update: update * parameters, parameters };
      }),
    };
  };

  const cuts: StagedNetwork[] = [];
  for (let stages = 2; ; stages *= 2) {
    const asked = { ...config, stages, cut: undefined };
    const plan = await planRun(hollow, asked, rows, given).catch(endOfLayers);
    if (!plan) return cuts;
    cuts.push(stagedAs(plan));
  }
}

/** A network cannot be cut in any number of stages, which is no error here. */
function endOfLayers(error: unknown): undefined {
  if (!(error instanceof UsageError)) throw error;
}

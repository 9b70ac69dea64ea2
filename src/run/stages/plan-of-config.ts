import type { ComputeBackend } from "../../compute/backend.js";
import { selfCommunicator } from "../../comm/index.js";
import { outlineOf } from "../../network/stages/source.js";
import { Random } from "../../random.js";
import { dataOf } from "../data-of-run.js";
import { declarationsOf } from "../declarations.js";
import type { TrainConfig } from "../options/config.js";
import { memoryOfRanks } from "../rank-memory.js";
import { largestBatch } from "./largest-batch.js";
import { solvesLocally } from "./local-problems.js";
import { planRun, type RunPlan } from "./plan-run.js";

/**
 * How a run of that configuration would cut its network, on a backend that has been started. Nothing of the network but its shape
 * is made.
 * @throws UsageError where it cannot be cut so, or does not fit
 */
export async function planOfConfig(
  config: TrainConfig,
  { heap }: Pick<ComputeBackend, "heap">,
): Promise<RunPlan> {
  const given = await dataOf(config, undefined);
  const source = {
    choice: config,
    data: { ...given.train, name: given.name },
    drawing: () => new Random(config.seed).fork("initialisation"),
  };
  const { model } = await outlineOf(source, await declarationsOf(config, undefined));
  const limit = await memoryOfRanks(selfCommunicator(), config.memory);
  const replicas = config.ranks / config.stages;
  const rows = largestBatch(config, given.train.count);
  return planRun(model, config, rows, {
    limit,
    replicas,
    canRetain: heap !== undefined,
    solvesLocally: await solvesLocally(config, given.train.count),
    name: config.model,
  });
}

import { collectGarbage } from "../../host/garbage.js";
import { bringsWeights, isModule } from "../../network/build.js";
import { createEvaluator } from "../../network/evaluator.js";
import { surprisesOf } from "../../network/goal/surprises.js";
import { treatInputs } from "../../network/inputs/standardisation.js";
import { topologyOf } from "../../network/model-file.js";
import { layoutOf } from "../../network/parameters.js";
import { penaltyOf } from "../../network/penalty.js";
import { PipelineNetwork } from "../../network/pipeline/network.js";
import { outlineOf, stageOf } from "../../network/stages/source.js";
import { stageGoal } from "../../network/stages/stage-goal.js";
import { byLayers } from "../../decomposition/layers.js";
import { shareFrozenWeights } from "../frozen-weights.js";
import { dataFor, type Held, type Wanted } from "../hold-whole.js";
import { memoryOfRanks } from "../rank-memory.js";
import { largestBatch } from "./largest-batch.js";
import { solvesLocally } from "./local-problems.js";
import { planRun, type RunPlan } from "./plan-run.js";

/**
 * One stage of the network on this rank: rank = replica · stages + stage. Nothing here is as large as the whole network.
 * Collective.
 * @throws UsageError on rank 0 where the network cannot be cut so
 */
export async function holdStage(wanted: Wanted): Promise<Held> {
  const { config, source: name, given, declared, backend, comm, random } = wanted;
  const stage = comm.rank % config.stages;
  const replica = Math.floor(comm.rank / config.stages);
  const pipeline = (await comm.split(replica, stage))!;
  const replicas = (await comm.split(stage, replica))!;

  const choice = { ...config, model: name };
  const kind = { ...given.train, name: given.name };
  const source = { choice, data: kind, drawing: () => random.fork("initialisation") };
  const { model: outline, goal } = await outlineOf(source, declared);
  const data = await dataFor(goal, outline, given);
  const rows = largestBatch(config, data.train.count);
  const hasLocalProblems = await solvesLocally(config, data.train.count);
  const limit = await memoryOfRanks(comm, config.memory);
  const { plan, microBatchRows, bytes, bytesOfWhole, room }: RunPlan = await comm.broadcastObject(
    comm.rank === 0
      ? await planRun(outline, config, rows, {
          limit,
          replicas: replicas.size,
          canRetain: backend.heap !== undefined,
          solvesLocally: hasLocalProblems,
          name,
        })
      : undefined,
  );
  const topology = topologyOf(outline);
  const part = await stageOf(source, outline, plan, stage);
  if (isModule(choice)) await shareFrozenWeights(part.model, replicas);
  const inputs = treatInputs(
    outline,
    data.train,
    { standardise: config.standardise, freshWeights: !bringsWeights(choice) },
    part.model,
  );
  const evaluator = await createEvaluator(part.model, stageGoal(goal, plan, stage, part.copies), backend, {
    memory: room[stage]!,
    seed: config.seed,
    randomLayers: part.randomLayers,
    inPlace: true,
  });
  if (limit.isAsked) collectGarbage(); // the weights as they were drawn: the evaluator has copies
  const { layout, variables } = layoutOf(part.model);
  const network = await PipelineNetwork.create({
    plan,
    evaluator,
    pipeline,
    replicas,
    goal,
    penalty: penaltyOf(part.model, layout, variables),
    solvesLocally: hasLocalProblems,
    retains: plan.stages[stage]!.retains,
  });
  const microBatches = Math.ceil(rows / microBatchRows);
  return {
    data,
    goal,
    inputs,
    network,
    stages: {
      plan,
      stage,
      replica,
      pipeline,
      microBatchRows,
      microBatches,
      bytes,
      bytesOfWhole,
      clock: network.clock,
      hollow: inputs.whole(outline),
    },
    topology,
    blockRows: evaluator.blockRows,
    chunking: { groupRows: microBatchRows },
    decomposition: byLayers(layout.slots, 1),
    shards: undefined,
    // A user's module may draw weights of its own: the first replica's are everybody's.
    start: () => replicas.broadcast(evaluator.parameters(), 0),
    warnings: [
      ...surprisesOf(outline, goal, given.train.targets),
      ...(network.hasStatistics
        ? [
            `Batch normalisation takes its statistics over micro-batches, of at most ${microBatchRows} samples.`,
          ]
        : []),
    ],
  };
}

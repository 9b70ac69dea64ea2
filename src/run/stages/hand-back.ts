import { describeModel } from "../../network/model-file.js";
import { weightPartsOf, weightSpecsOf, type WeightPart } from "../../network/weight-parts.js";
import type { Summary } from "../../report/summary.js";
import type { StagedModel } from "../checkpoint/format.js";
import type { RunFolder } from "../folder/run-folder.js";
import type { TrainingRun } from "../training-run.js";
import { gatherWeights, giveWeights } from "./gather.js";
import type { StagesOfRun } from "./stages-of-run.js";

/**
 * Writes the trained network, stage by stage, and the summary of the run. Collective.
 * @param folder on rank 0
 * @throws AptsError where the disk does not let it
 */
export async function handBackStages(
  stages: StagesOfRun,
  run: TrainingRun,
  folder: RunFolder | undefined,
  summary: Summary,
): Promise<void> {
  const { replica, pipeline, hollow } = stages;
  if (replica !== 0) return;
  const specs = weightSpecsOf(hollow);
  const order = specs.map(({ name }) => name);
  await run.withHeld(async (held) => {
    const parts = weightPartsOf(held);
    if (!folder) return giveWeights(pipeline, order, parts);
    await folder.finish(summary, {
      "model.json": describeModel(hollow, specs),
      "weights.bin": gatherWeights(pipeline, order, [...parts, ...weightsInFront(stages)]),
    });
  });
}

/** What the manifest of a checkpoint says of the model, whose weights are in the parts of its stages. */
export async function describeStages(stages: StagesOfRun): Promise<StagedModel> {
  const { hollow } = stages;
  const specs = weightSpecsOf(hollow);
  const own: Record<string, Uint8Array> = {};
  for (const part of weightsInFront(stages)) own[part.name] = (await part.read()).slice();
  return { "model.json": describeModel(hollow, specs), weights: specs.map(({ name }) => name), own };
}

/** Those of layers that standardise in front of the first stage: no stage has them. */
function weightsInFront({ plan, hollow }: StagesOfRun): WeightPart[] {
  const trained = new Set(plan.stages.flatMap(({ layers }) => layers));
  return hollow.layers.filter(({ name }) => !trained.has(name)).flatMap(weightPartsOf);
}

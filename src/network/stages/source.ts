import { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Random } from "../../random.js";
import {
  bringsWeights,
  buildModel,
  isModule,
  type Built,
  type ModelChoice,
  type SampleKind,
} from "../build.js";
import type { Declaration } from "../goal/declared.js";
import { hollow, hollowOut, start } from "../hollow.js";
import { readDescription } from "../inspect/model-description.js";
import { readNamedWeights } from "../inspect/named-weights.js";
import { buildStage, setNoted, takeWeights, type StageModel } from "./build-stage.js";
import type { StagePlan } from "./plan.js";

/** Where the stages of a network come from. */
export interface StageSource {
  readonly choice: ModelChoice;
  readonly data: SampleKind;
  /** What first weights are drawn with: a fresh one each time, so that they are drawn alike. */
  readonly drawing: () => Random;
}

/**
 * The whole network, and what it is trained for, without memory for its weights, but for those that a user's module reads or sets.
 * @throws UsageError
 */
export async function outlineOf(source: StageSource, declared: readonly Declaration[]): Promise<Built> {
  const { choice, data, drawing } = source;
  const build = () => buildModel(choice, data, drawing(), declared);
  return isModule(choice) ? build() : (await hollow(build)).made;
}

/**
 * A stage of the network, with the weights that it has in the whole, to the bit. `outline` has none afterwards.
 * @throws UsageError
 */
export async function stageOf(
  source: StageSource,
  outline: tf.LayersModel,
  plan: StagePlan,
  stage: number,
): Promise<StageModel> {
  const { choice } = source;
  const { made: built, starts } = await hollow(() => buildStage(outline, plan, stage));
  if (isModule(choice)) takeWeights(built);
  else if (bringsWeights(choice)) await readWeights(built, choice.model);
  else {
    const { data, drawing } = source;
    const own = new Set(plan.stages[stage]!.layers);
    const again = await hollow(
      () => buildModel(choice, data, drawing()),
      (layer) => own.has(layer),
    );
    setNoted(built, again.kept);
    tf.dispose(again.made.model.getWeights());
  }
  start(starts);
  hollowOut(outline);
  return built;
}

/** The weights of the stage's layers from the files of the whole model, of which nothing else is read. */
async function readWeights({ model }: StageModel, path: string): Promise<void> {
  const names = new Set(model.weights.map(({ originalName }) => originalName));
  /** Files of nested models name the models, too. */
  const nameIn = (name: string): string => {
    const parts = name.split("/");
    return names.has(name) ? name : [...parts.slice(0, -2), ...parts.slice(-1)].join("/");
  };
  const tensors = await readNamedWeights(await readDescription(path), path, (name) =>
    names.has(nameIn(name)),
  );
  const found = new Set(Object.keys(tensors).map(nameIn));
  const missing = [...names].filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new UsageError(
      `Expected weights for all layers in ${path}, but ${missing.length} of ${names.size} tensors of a stage have none, ${missing[0]!} first. ` +
        `Layers and weights are of different models: write both again.`,
    );
  }
  model.loadWeights(tensors);
  tf.dispose(tensors);
}

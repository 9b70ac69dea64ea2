import type { tf } from "../../compute/tensorflow.js";
import type { Goal } from "../goal/goal.js";
import { innerProductGoal } from "../goal/inner-product.js";
import type { StagePlan } from "./plan.js";

/**
 * What a stage minimises (docs/algorithms.md §6.2): the last the network's own goal, the others ⟨c, F(h)⟩.
 * @param copies by layer of the whole model, what stands for it in the stage's
 */
export function stageGoal(
  goal: Goal,
  { crossings, stages }: StagePlan,
  stage: number,
  copies: ReadonlyMap<tf.layers.Layer, tf.layers.Layer>,
): Goal {
  if (stage < stages.length - 1) {
    const given = stages[stage]!.gives.map((i) => crossings[i]!);
    return { outputs: given.map(({ tensor, shape }) => innerProductGoal(tensor, shape)) };
  }
  const outputs = goal.outputs.map((output) =>
    output.folded
      ? { ...output, folded: { ...output.folded, layer: copies.get(output.folded.layer)! } }
      : output,
  );
  return { ...goal, outputs };
}

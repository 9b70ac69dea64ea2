import { tf } from "../../compute/tensorflow.js";
import type { Goal } from "../goal/goal.js";

/** Runs `evaluate` with the activations left out that the losses of `goal` have themselves. */
export function withoutFolded<T>({ outputs }: Goal, evaluate: () => T): T {
  const restore = outputs.map(({ folded }) => {
    if (!folded) return () => undefined;
    if (folded.as === "layer") {
      const layer = folded.layer as unknown as { call: (inputs: tf.Tensor | tf.Tensor[]) => tf.Tensor };
      layer.call = (inputs) => tf.clone(Array.isArray(inputs) ? inputs[0]! : inputs);
      return () => Reflect.deleteProperty(layer, "call"); // back to the class's own
    }
    const layer = folded.layer as unknown as { activation: unknown };
    const { activation } = layer;
    layer.activation = (tf.layers.activation({ activation: "linear" }) as unknown as typeof layer).activation;
    return () => (layer.activation = activation);
  });
  try {
    return evaluate();
  } finally {
    for (const back of restore) back();
  }
}

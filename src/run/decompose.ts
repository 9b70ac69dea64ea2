import type { Random } from "../random.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import type { TensorSlot } from "../network/layout.js";
import { byLayers } from "../decomposition/layers.js";
import { byNeurons } from "../decomposition/neurons.js";
import { byTensors } from "../decomposition/tensors.js";
import type { TrainConfig } from "./options/config.js";

/**
 * The subdomains of parameters that a run's options ask for: where samples are cut instead, one.
 * @throws UsageError where the parameters do not make so many
 */
export function decompose(
  { decomposition, subdomains, shards }: Pick<TrainConfig, "decomposition" | "subdomains" | "shards">,
  slots: readonly TensorSlot[],
  random: Random,
): Decomposition {
  if (shards) return byTensors(slots, 1, [...slots.keys()]);
  switch (decomposition) {
    case "tensors":
      return byTensors(slots, subdomains, random.fork("decomposition").shuffle(slots.map((_, i) => i)));
    case "layers":
      return byLayers(slots, subdomains);
    case "neurons":
      return byNeurons(slots, subdomains);
    default:
      return decomposition satisfies never;
  }
}

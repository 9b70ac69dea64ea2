import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";

/** The activation of a layer's configuration; of one that the loss has, nothing remains. */
export function activationOf({ layer, config, isFolded }: LayerCall): ActivationName {
  const configured = (config["activation"] ?? "linear") as string;
  const name = layer.getClassName() === "Softmax" ? "softmax" : configured;
  if (isFolded) return "linear";
  if (name in activations) return name as ActivationName;
  throw new UnsupportedLayer(`Activation "${name}" of "${layer.name}" has no kernel of its own.`);
}

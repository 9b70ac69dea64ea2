import { activations, type ActivationName } from "../../../compute/wasm/kernels/activations.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";

/** Activations that are operations of their own: no layer takes them over. */
const OWN_OPERATIONS = ["gelu", "gelu_new", "swish", "mish", "softmax", "logSoftmax"] as const;

export type LayerActivation = ActivationName | (typeof OWN_OPERATIONS)[number];

/** Whether a layer can take over this activation. */
export function isFusable(name: LayerActivation): name is ActivationName {
  return name in activations;
}

/** The activation of a layer's configuration; of one that the loss has, nothing remains. */
export function activationOf({ layer, config, isFolded }: LayerCall): LayerActivation {
  const configured = (config["activation"] ?? "linear") as string;
  const name = layer.getClassName() === "Softmax" ? "softmax" : configured;
  if (isFolded) return "linear";
  if (name in activations || OWN_OPERATIONS.some((own) => own === name)) return name as LayerActivation;
  throw new UnsupportedLayer(`Activation "${name}" of "${layer.name}" has no kernel of its own.`);
}

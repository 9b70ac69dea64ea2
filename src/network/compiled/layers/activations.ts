import { sizeOf } from "../../../data/dataset.js";
import type { ActivationName, CurveName } from "../../../compute/wasm/kernels/activations.js";
import { activation, curve, softmax } from "../operations/activation.js";
import { activationOf, isFusable, type LayerActivation } from "./activation-of.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import type { Operation } from "../operation.js";
import { prelu } from "../operations/prelu.js";
import { sourcePlaces } from "../../../compute/wasm/places.js";

/** The builders of layers that are activations. */
export const activationLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Activation: (call) => applyToInput(call, activationOf(call)),

  Softmax: (call) => {
    const name = activationOf(call);
    const axis = call.config["axis"] as number | number[];
    const isLast = [axis].flat().every((one) => one === -1 || one === call.outputShape.length);
    if (name !== "linear" && !isLast) {
      throw new UnsupportedLayer(
        `"${call.layer.name}" is a softmax over axis ${String(axis)}, not the last.`,
      );
    }
    return applyToInput(call, name);
  },

  ELU: (call) => applyToInput(call, "elu"), // TensorFlow.js has it with alpha 1 only

  ReLU: (call) => {
    const maxValue = call.config["maxValue"] as number | null | undefined;
    if (maxValue == null) return applyToInput(call, "relu");
    return maxValue === 6 ? applyToInput(call, "relu6") : curveLayer(call, "clippedReLU", maxValue);
  },
  LeakyReLU: (call) => curveLayer(call, "leakyReLU", call.config["alpha"] as number),
  ThresholdedReLU: (call) => curveLayer(call, "thresholdedReLU", call.config["theta"] as number),

  PReLU: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const shared = (call.config["sharedAxes"] ?? []) as readonly number[];
    const slopes = shape.map((size, i) => (shared.includes(i + 1) ? 1 : size));
    const places = sourcePlaces(shape, slopes, [...shape.keys()]);
    return call.add((own) => prelu(call.heap, own, operation, call.weights[0]!, places));
  },
};

/**
 * Adds the operation of a layer with its activation.
 * @param make makes the operation, with the activation that it takes over
 */
export function addActivated(
  call: LayerCall,
  make: (own: number, activation: ActivationName) => Operation,
): number {
  const name = activationOf(call);
  if (isFusable(name)) return call.add((own) => make(own, name));
  const operation = call.add((own) => make(own, "linear"));
  return apply(call, name, operation);
}

function applyToInput(call: LayerCall, name: LayerActivation): number {
  return apply(call, name, call.inputs[0]!.operation);
}

/** f(result of `operation`), which has the shape of the layer's output. */
function apply(call: LayerCall, name: LayerActivation, operation: number): number {
  const size = sizeOf(call.outputShape);
  if (isFusable(name)) {
    if (name === "linear" || call.exclusive(operation)?.fuse?.(name)) return operation;
    return call.add((own) => activation(own, operation, size, name));
  }
  if (name === "softmax" || name === "logSoftmax") {
    const columns = call.outputShape.at(-1)!;
    return call.add((own) => softmax(own, operation, size / columns, columns, name === "logSoftmax"));
  }
  return call.add((own) => curve(own, operation, size, name, 0));
}

function curveLayer(call: LayerCall, name: CurveName, parameter: number): number {
  const { operation, shape } = call.inputs[0]!;
  return call.add((own) => curve(own, operation, sizeOf(shape), name, parameter));
}

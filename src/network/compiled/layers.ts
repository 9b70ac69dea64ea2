import type { ActivationName } from "../../compute/wasm/kernels.js";
import { activation } from "./activation.js";
import { activationOf } from "./activation-of.js";
import { dense } from "./dense.js";
import { dropout } from "./dropout.js";
import { imageLayerBuilders } from "./images.js";
import { product, UnsupportedLayer, type LayerCall } from "./layer-call.js";

/** For every supported kind of layer: adds its operations and returns the number of the last. */
export const layerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Dense: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const [kernel, bias] = call.weights;
    return call.add((own) =>
      dense(call.heap, shape.at(-1)!, {
        own,
        input: operation,
        weight: kernel!,
        bias,
        positions: product(shape.slice(0, -1)),
        units: call.outputShape.at(-1)!,
        activation: activationOf(call),
      }),
    );
  },
  Activation: standaloneActivation,
  ReLU: (call) => {
    const { maxValue, negativeSlope, threshold } = call.config;
    if (maxValue != null || negativeSlope || threshold) {
      throw new UnsupportedLayer(`"${call.layer.name}" is not a plain ReLU.`);
    }
    return applyActivation(call, "relu");
  },
  Softmax: standaloneActivation,
  Flatten: sameValues,
  Reshape: sameValues,
  Dropout: (call) => {
    if (call.config["noiseShape"] != null)
      throw new UnsupportedLayer(`"${call.layer.name}" has a noise shape.`);
    return dropped(call, 1);
  },
  SpatialDropout1D: (call) => dropped(call, call.inputs[0]!.shape[0]!),
  ...imageLayerBuilders,
};

/** Layers that only rename dimensions: their result is their input's. */
function sameValues(call: LayerCall): number {
  if (call.config["dataFormat"] === "channelsFirst") {
    throw new UnsupportedLayer(`"${call.layer.name}" has its channels first.`);
  }
  return call.inputs[0]!.operation;
}

/** @param positions at which a unit is dropped at once */
function dropped(call: LayerCall, positions: number): number {
  const { operation, shape } = call.inputs[0]!;
  const layer = call.randomLayer;
  if (layer === undefined) return operation; // drops nothing
  const rate = call.config["rate"] as number;
  const units = product(shape) / positions;
  return call.add((own) => dropout(call.heap, { own, input: operation, positions, units, rate, layer }));
}

function standaloneActivation(call: LayerCall): number {
  return applyActivation(call, activationOf(call));
}

function applyActivation(call: LayerCall, name: ActivationName): number {
  const { operation, shape } = call.inputs[0]!;
  if (name === "linear" || call.exclusive(operation)?.fuse?.(name)) return operation;
  return call.add((own) => activation(own, operation, product(shape), name));
}

import { sizeOf } from "../../../data/dataset.js";
import type { tf } from "../../../compute/tensorflow.js";
import { activationLayerBuilders, addActivated } from "./activations.js";
import { batchNormalization } from "../operations/batch-norm.js";
import { convolutionLayerBuilders } from "./convolutions.js";
import { attentionLayerBuilders } from "./attention.js";
import { dense } from "../operations/dense.js";
import { dropout } from "../operations/dropout.js";
import { recurrentLayerBuilders } from "./recurrent.js";
import { sequenceLayerBuilders } from "./sequence.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { mergingLayerBuilders } from "./merging.js";
import { poolingLayerBuilders } from "./pooling.js";
import { rescaling } from "../operations/scale.js";
import { shapingLayerBuilders } from "./shaping.js";

/** For every supported kind of layer: adds its operations and returns the number of the last. */
export const layerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Dense: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const [kernel, bias] = call.weights;
    return addActivated(call, (own, activation) =>
      dense(call.heap, shape.at(-1)!, {
        own,
        input: operation,
        weight: kernel!,
        bias,
        positions: sizeOf(shape.slice(0, -1)),
        units: call.outputShape.at(-1)!,
        activation,
      }),
    );
  },
  Flatten: sameValues,
  Reshape: sameValues,
  Dropout: (call) => {
    if (call.config["noiseShape"] != null)
      throw new UnsupportedLayer(`"${call.layer.name}" has a noise shape.`);
    return dropped(call, 1);
  },
  SpatialDropout1D: (call) => dropped(call, call.inputs[0]!.shape[0]!),
  ...activationLayerBuilders,
  BatchNormalization: batchNormalization,
  Rescaling: rescaling,
  ...convolutionLayerBuilders,
  ...poolingLayerBuilders,
  ...shapingLayerBuilders,
  ...mergingLayerBuilders,
  ...attentionLayerBuilders,
  ...sequenceLayerBuilders,
  ...recurrentLayerBuilders,
  TimeDistributed: timeDistributed,
};

/** Layers that do the same with one axis more in front, whatever its size. */
const WITHIN_TIME = new Set([
  "Dense",
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "ThresholdedReLU",
  "Flatten",
  "Reshape",
]);

function timeDistributed(call: LayerCall): number {
  const { layer } = call.layer as unknown as { layer: tf.layers.Layer };
  const kind = layer.getClassName();
  if (!WITHIN_TIME.has(kind)) {
    throw new UnsupportedLayer(`${kind} "${layer.name}" in "${call.layer.name}" has no kernels of its own.`);
  }
  return layerBuilders[kind]!({ ...call, layer, config: layer.getConfig() });
}

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
  const units = sizeOf(shape) / positions;
  return call.add((own) => dropout(call.heap, { own, input: operation, positions, units, rate, layer }));
}

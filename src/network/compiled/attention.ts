import { addActivated } from "./activations.js";
import { convolutionLayerBuilders } from "./convolutions.js";
import { product, type LayerCall } from "./layer-call.js";
import { scaleShift } from "./scale-shift.js";

/** The builders of layers that attention is made of, besides those of sequences. */
export const attentionLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  DepthwiseConv2D: (call) => pixelwise(call) ?? convolutionLayerBuilders["DepthwiseConv2D"]!(call),
};

/**
 * A depthwise convolution of one pixel, which is how plain layers say a factor and a bias for every number of a sample:
 * positions, masks. Undefined where it is another.
 */
function pixelwise(call: LayerCall): number | undefined {
  const { kernelSize, strides, depthMultiplier, dataFormat } = call.config as Record<string, unknown>;
  const isOne = (sizes: unknown) => [sizes].flat().every((size) => size === 1);
  if (![kernelSize, strides, depthMultiplier].every(isOne) || dataFormat === "channelsFirst")
    return undefined;
  const { operation, shape } = call.inputs[0]!;
  const [scale, shift] = call.weights;
  return addActivated(call, (own, activation) =>
    scaleShift({
      own,
      input: operation,
      scale: scale!,
      shift,
      positions: product(shape.slice(0, -1)),
      columns: shape.at(-1)!,
      activation,
    }),
  );
}

import { sizeOf } from "../../../data/dataset.js";
import { activationLayerBuilders, addActivated } from "./activations.js";
import { attentionWeights } from "../operations/attention-weights.js";
import { convolutionLayerBuilders } from "./convolutions.js";
import type { LayerCall } from "./layer-call.js";
import { scaleShift } from "../operations/scale-shift.js";

/** The builders of layers that attention is made of, besides those of sequences. */
export const attentionLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  DepthwiseConv2D: (call) => pixelwise(call) ?? convolutionLayerBuilders["DepthwiseConv2D"]!(call),
  Softmax: (call) => weightsOfAttention(call) ?? activationLayerBuilders["Softmax"]!(call),
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
      positions: sizeOf(shape.slice(0, -1)),
      columns: shape.at(-1)!,
      activation,
      isCausal: call.isFrozen ? (side) => isCausal(call, side) : undefined,
    }),
  );
}

/** A bias from here on downwards makes zeros of scores that are not as large themselves. */
const MASKED = -1e8;

/** Whether the layer's bias is one of (side, side) that masks all above its diagonal. */
function isCausal({ layer }: LayerCall, side: number): boolean {
  const bias = layer.weights[1]?.read();
  if (bias?.size !== side * side) return false;
  return bias.dataSync().every((value, i) => i % side <= Math.floor(i / side) || value <= MASKED);
}

/** A softmax over the last axis of masked products of matrices, which is one operation with them; undefined where it is not. */
function weightsOfAttention(call: LayerCall): number | undefined {
  const { operation } = call.inputs[0]!;
  const mask = call.exclusive(operation)?.mask;
  const axis = call.config["axis"] as number;
  if (mask === undefined || call.isFolded || (axis !== -1 && axis !== call.outputShape.length))
    return undefined;
  const product = call.exclusive(mask.input)?.product;
  const isSame = product !== undefined && mask.size === product.sides.m * product.sides.n;
  if (!isSame || call.outputShape.at(-1) !== product.sides.n) return undefined;
  call.remove(operation);
  call.remove(mask.input);
  return call.add((own) => attentionWeights(own, product, mask));
}

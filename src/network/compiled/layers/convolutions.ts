import { sizeOf } from "../../../data/dataset.js";
import { tf } from "../../../compute/tensorflow.js";
import { Convolution } from "../../../compute/wasm/convolution.js";
import { DepthwiseConvolution } from "../../../compute/wasm/depthwise.js";
import { TransposedConvolution } from "../../../compute/wasm/transposed.js";
import { windowShape, type WindowShape } from "../../../compute/wasm/window.js";
import { addActivated } from "./activations.js";
import { requireChannelsLast, type Image, type Pair } from "./image.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { linear } from "../operations/linear.js";
import type { Padding } from "../operation.js";

/** The builders of layers that are convolutions. */
export const convolutionLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Conv1D: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const [length, channels] = shape as Pair;
    const { kernelSize, strides, dilationRate, filters } = settingsOf<[number]>(call);
    const settings = {
      kernelSize: [1, ...kernelSize] as const,
      strides: [1, ...strides] as const,
      dilationRate: [1, ...dilationRate] as const,
      padding: paddingOf(call),
    };
    const window = windowOf(settings, [1, length, channels], filters!, false);
    const [weight, bias] = call.weights;
    return convolution(call, Convolution, { input: operation, weight: weight!, bias }, window, filters!);
  },

  Conv2D: (call) => {
    const { operation, image, padding } = paddedInput(call);
    const { filters, ...settings } = settingsOf<Pair>(call);
    const window = windowOf({ ...settings, padding: paddingOf(call) }, image, filters!, false, padding);
    const [weight, bias] = call.weights;
    return convolution(call, Convolution, { input: operation, weight: weight!, bias }, window, filters!);
  },

  DepthwiseConv2D: (call) => {
    const { operation, image, padding } = paddedInput(call);
    const settings = { ...settingsOf<Pair>(call), padding: paddingOf(call) };
    if (settings.dilationRate.some((rate) => rate !== 1)) {
      throw new UnsupportedLayer(`"${call.layer.name}" is dilated, which TensorFlow.js leaves out.`);
    }
    const multiplier = call.config["depthMultiplier"] as number;
    const window = windowOf(settings, image, multiplier, true, padding);
    const [weight, bias] = call.weights;
    const operands = { input: operation, weight: weight!, bias };
    return convolution(call, DepthwiseConvolution, operands, window, multiplier * image[2]);
  },

  SeparableConv2D: (call) => {
    const { operation, image, padding } = paddedInput(call);
    const settings = { ...settingsOf<Pair>(call), padding: paddingOf(call) };
    const multiplier = call.layer.weights[0]!.shape.at(-1)!; // not in the configuration
    const window = windowOf(settings, image, multiplier, true, padding);
    const [depthwise, pointwise, bias] = call.weights;
    const positions = window.outHeight * window.outWidth;
    const between = multiplier * image[2];
    const input = call.add((own) =>
      linear(
        {
          ...{ own, input: operation, weight: depthwise!, bias: undefined },
          ...{ positions, units: between, activation: "linear" },
        },
        new DepthwiseConvolution(call.heap, window, between),
      ),
    );
    const { outHeight, outWidth } = window;
    const one = { kernelSize: [1, 1], strides: [1, 1], dilationRate: [1, 1], padding: "valid" } as const;
    const { filters } = settingsOf<Pair>(call);
    const mixing = windowOf(one, [outHeight, outWidth, between], filters!, false);
    return convolution(call, Convolution, { input, weight: pointwise!, bias }, mixing, filters!);
  },

  Conv2DTranspose: (call) => {
    requireChannelsLast(call);
    const { operation, shape } = call.inputs[0]!;
    const inChannels = shape[2]!;
    const { kernelSize, strides } = settingsOf<Pair>(call);
    const settings = { kernelSize, strides, dilationRate: [1, 1] as const, padding: paddingOf(call) };
    const window = windowOf(settings, call.outputShape as Image, inChannels, false);
    const [weight, bias] = call.weights;
    const [height, width, units] = call.outputShape as Image;
    return addActivated(call, (own, activation) =>
      linear(
        { own, input: operation, weight: weight!, bias, positions: height * width, units, activation },
        new TransposedConvolution(call.heap, window, inChannels),
      ),
    );
  },
};

const NO_PADDING: Padding = { top: 0, left: 0, bottom: 0, right: 0 };

interface Settings<Sizes> {
  readonly kernelSize: Sizes;
  readonly strides: Sizes;
  readonly dilationRate: Sizes;
}

function settingsOf<Sizes>({ config }: LayerCall): Settings<Sizes> & { readonly filters?: number } {
  return config as unknown as Settings<Sizes> & { readonly filters?: number };
}

function paddingOf({ layer, config }: LayerCall): "same" | "valid" {
  const padding = config["padding"] as "same" | "valid" | "causal";
  if (padding === "causal") throw new UnsupportedLayer(`"${layer.name}" has causal padding.`);
  return padding;
}

/** A convolution's input: behind a padding of its own, that padding's input, for the convolution pads by itself. */
function paddedInput(call: LayerCall): { operation: number; image: Image; padding: Padding } {
  requireChannelsLast(call);
  const { operation, shape } = call.inputs[0]!;
  const [height, width, channels] = shape as Image;
  const before = call.exclusive(operation);
  const padding = before?.padding;
  const isOfThisImage = padding?.height === height && padding.width === width;
  if (padding === undefined || !isOfThisImage || call.config["padding"] !== "valid") {
    return { operation, image: [height, width, channels], padding: NO_PADDING };
  }
  call.remove(operation);
  const { top, left, bottom, right } = padding;
  return {
    operation: before!.inputs[0]!,
    image: [height - top - bottom, width - left - right, channels],
    padding,
  };
}

/**
 * How a filter slides over images with zeros around them.
 * @param last the filter's last size
 */
function windowOf(
  settings: Settings<readonly [number, number]> & { readonly padding: "same" | "valid" },
  [height, width, channels]: Image,
  last: number,
  depthwise: boolean,
  { top, left, bottom, right }: Padding = NO_PADDING,
): WindowShape {
  const { kernelSize, strides, dilationRate, padding } = settings;
  // Sizes are those of the padded image; the window then starts that much further out.
  const info = tf.backend_util.computeConv2DInfo(
    [1, height + top + bottom, width + left + right, channels],
    [...kernelSize, channels, last],
    [...strides],
    [...dilationRate],
    padding,
    undefined,
    depthwise,
  );
  const padded = windowShape(info);
  return {
    ...padded,
    inHeight: height,
    inWidth: width,
    padTop: padded.padTop + top,
    padLeft: padded.padLeft + left,
  };
}

function convolution(
  call: LayerCall,
  Kind: typeof Convolution | typeof DepthwiseConvolution,
  operands: { readonly input: number; readonly weight: number; readonly bias: number | undefined },
  window: WindowShape,
  units: number,
): number {
  const positions = window.outHeight * window.outWidth;
  if (positions * units !== sizeOf(call.outputShape))
    throw new RangeError(
      `"${call.layer.name}" gives (${call.outputShape.join()}), not that its window does.`,
    );
  return addActivated(call, (own, activation) =>
    linear({ own, ...operands, positions, units, activation }, new Kind(call.heap, window, units)),
  );
}

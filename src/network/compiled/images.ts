import { tf } from "../../compute/tensorflow.js";
import { Convolution } from "../../compute/wasm/convolution.js";
import { DepthwiseConvolution } from "../../compute/wasm/depthwise.js";
import { windowShape } from "../../compute/wasm/window.js";
import { batchNorm } from "./batch-norm.js";
import { activationOf } from "./activation-of.js";
import { product, UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { linear } from "./linear.js";
import { add } from "./merge.js";
import type { Padding } from "./operation.js";
import { pad } from "./pad.js";
import { pool } from "./pool.js";

type Image = readonly [height: number, width: number, channels: number];
type Pair = [number, number];

/** The builders of layers that work on images (height, width, channels). */
export const imageLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Conv2D: (call) => convolution(call, Convolution, "filters"),
  DepthwiseConv2D: (call) => convolution(call, DepthwiseConvolution, "depthMultiplier"),

  MaxPooling2D: (call) => pooling(call, "max", call.config as unknown as Pooling),
  AveragePooling2D: (call) => pooling(call, "average", call.config as unknown as Pooling),
  GlobalMaxPooling2D: (call) => globalPooling(call, "max"),
  GlobalAveragePooling2D: (call) => globalPooling(call, "average"),

  ZeroPadding2D: (call) => {
    requireChannelsLast(call);
    const [[top, bottom], [left, right]] = call.config["padding"] as [Pair, Pair];
    const { operation, shape } = call.inputs[0]!;
    return call.add((own) => pad(own, operation, shape as Image, { top, left, bottom, right }));
  },

  BatchNormalization: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const { axis, epsilon, scale, center } = call.config as Record<string, number | boolean>;
    if (axis !== -1 && axis !== shape.length) {
      throw new UnsupportedLayer(`"${call.layer.name}" normalises along axis ${axis}, not the last.`);
    }
    const weights = [...call.weights];
    const scaleWeight = scale === true ? weights.shift() : undefined;
    const shiftWeight = center === true ? weights.shift() : undefined;
    return call.add((own) =>
      batchNorm(call.heap, {
        own,
        input: operation,
        scale: scaleWeight,
        shift: shiftWeight,
        movingMean: weights[0]!,
        movingVariance: weights[1]!,
        channels: shape.at(-1)!,
        positions: product(shape.slice(0, -1)),
        epsilon: epsilon as number,
        frozen: call.isFrozen,
      }),
    );
  },

  Add: (call) => {
    const size = product(call.outputShape);
    if (call.inputs.some(({ shape }) => product(shape) !== size)) {
      throw new UnsupportedLayer(`"${call.layer.name}" adds tensors of different shapes.`);
    }
    const inputs = call.inputs.map(({ operation }) => operation);
    return call.add((own) => add(own, inputs, size));
  },
};

const NO_PADDING: Padding = { top: 0, left: 0, bottom: 0, right: 0 };

/** A convolution's input: behind a padding of its own, that padding's input, for the convolution pads by itself. */
function paddedInput(call: LayerCall): { operation: number; image: Image; padding: Padding } {
  requireChannelsLast(call);
  const { operation, shape } = call.inputs[0]!;
  const [height, width, channels] = shape as Image;
  const before = call.exclusive(operation);
  const padding = before?.padding;
  if (padding === undefined || call.config["padding"] !== "valid") {
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

/** @param last names the setting that says the filter's last size */
function convolution(
  call: LayerCall,
  Kind: typeof Convolution | typeof DepthwiseConvolution,
  last: "filters" | "depthMultiplier",
): number {
  const { operation, image, padding } = paddedInput(call);
  const { top, left, bottom, right } = padding;
  const [height, width, channels] = image;
  const config = call.config as {
    kernelSize: Pair;
    strides: number | Pair;
    dilationRate: number | Pair;
    padding: "same" | "valid";
  };
  // Sizes are those of the padded image; the window then starts that much further out.
  const info = tf.backend_util.computeConv2DInfo(
    [1, height + top + bottom, width + left + right, channels],
    [...config.kernelSize, channels, call.config[last] as number],
    config.strides,
    config.dilationRate,
    config.padding,
    undefined,
    Kind === DepthwiseConvolution,
  );
  const padded = windowShape(info);
  const window = {
    ...padded,
    inHeight: height,
    inWidth: width,
    padTop: padded.padTop + top,
    padLeft: padded.padLeft + left,
  };
  const [filter, bias] = call.weights;
  const shape = {
    input: operation,
    weight: filter!,
    bias,
    positions: info.outHeight * info.outWidth,
    units: info.outChannels,
    activation: activationOf(call),
  };
  return call.add((own) => linear({ own, ...shape }, new Kind(call.heap, window, info.outChannels)));
}

interface Pooling {
  readonly poolSize: Pair;
  readonly strides: number | Pair;
  readonly padding: "same" | "valid";
}

function pooling(call: LayerCall, kind: "max" | "average", settings: Pooling): number {
  requireChannelsLast(call);
  const { operation, shape } = call.inputs[0]!;
  const { poolSize, strides, padding } = settings;
  const info = tf.backend_util.computePool2DInfo([1, ...(shape as Image)], poolSize, strides, 1, padding);
  return call.add((own) => pool(call.heap, kind, own, operation, windowShape(info)));
}

function globalPooling(call: LayerCall, kind: "max" | "average"): number {
  const [height, width] = call.inputs[0]!.shape as Image;
  return pooling(call, kind, { poolSize: [height, width], strides: 1, padding: "valid" });
}

function requireChannelsLast({ layer, config }: LayerCall): void {
  if (config["dataFormat"] === "channelsFirst") {
    throw new UnsupportedLayer(`"${layer.name}" has its channels first.`);
  }
}

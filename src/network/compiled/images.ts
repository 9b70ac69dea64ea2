import { tf } from "../../compute/tensorflow.js";
import { windowShape, type WindowShape } from "../../compute/wasm/window.js";
import { batchNorm } from "./batch-norm.js";
import { conv, depthwiseConv } from "./conv.js";
import { activationOf } from "./activation-of.js";
import { product, UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { add } from "./merge.js";
import type { Padding } from "./operation.js";
import { pad } from "./pad.js";
import { pool } from "./pool.js";

type Image = readonly [height: number, width: number, channels: number];
type Pair = [number, number];

/** The builders of layers that work on images (height, width, channels). */
export const imageLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Conv2D: (call) => {
    const { operation, image, padding } = paddedInput(call);
    const [height, width] = call.config["kernelSize"] as Pair;
    const outChannels = call.config["filters"] as number;
    const window = convWindow(call, image, [height, width, image[2], outChannels], padding, false);
    const [filter, bias] = call.weights;
    const activation = activationOf(call);
    return call.add((own) =>
      conv(call.heap, { own, input: operation, filter: filter!, bias, window, outChannels, activation }),
    );
  },

  DepthwiseConv2D: (call) => {
    const { operation, image, padding } = paddedInput(call);
    const [height, width] = call.config["kernelSize"] as Pair;
    const multiplier = call.config["depthMultiplier"] as number;
    const window = convWindow(call, image, [height, width, image[2], multiplier], padding, true);
    const [filter, bias] = call.weights;
    const activation = activationOf(call);
    return call.add((own) =>
      depthwiseConv(call.heap, {
        own,
        input: operation,
        filter: filter!,
        bias,
        window,
        multiplier,
        activation,
      }),
    );
  },

  MaxPooling2D: (call) => pooling(call, "max"),
  AveragePooling2D: (call) => pooling(call, "average"),
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
    return call.add((own) =>
      add(
        own,
        call.inputs.map(({ operation }) => operation),
        size,
      ),
    );
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

function convWindow(
  call: LayerCall,
  [height, width, channels]: Image,
  filter: [number, number, number, number],
  { top, left, bottom, right }: Padding,
  depthwise: boolean,
): WindowShape {
  const { strides, dilationRate, padding } = call.config as {
    strides: number | Pair;
    dilationRate: number | Pair;
    padding: "same" | "valid";
  };
  // Sizes are those of the padded image; the window then starts that much further out.
  const shape: [number, number, number, number] = [1, height + top + bottom, width + left + right, channels];
  const info = tf.backend_util.computeConv2DInfo(
    shape,
    filter,
    strides,
    dilationRate,
    padding,
    undefined,
    depthwise,
  );
  const window = windowShape(info);
  return {
    ...window,
    inHeight: height,
    inWidth: width,
    padTop: window.padTop + top,
    padLeft: window.padLeft + left,
  };
}

function pooling(call: LayerCall, kind: "max" | "average"): number {
  requireChannelsLast(call);
  const { operation, shape } = call.inputs[0]!;
  const { poolSize, strides, padding } = call.config as {
    poolSize: Pair;
    strides: Pair;
    padding: "same" | "valid";
  };
  const info = tf.backend_util.computePool2DInfo([1, ...(shape as Image)], poolSize, strides, 1, padding);
  return call.add((own) => pool(call.heap, kind, own, operation, windowShape(info)));
}

function globalPooling(call: LayerCall, kind: "max" | "average"): number {
  requireChannelsLast(call);
  const { operation, shape } = call.inputs[0]!;
  const [height, width] = shape as Image;
  const info = tf.backend_util.computePool2DInfo([1, ...(shape as Image)], [height, width], 1, 1, "valid");
  return call.add((own) => pool(call.heap, kind, own, operation, windowShape(info)));
}

function requireChannelsLast({ layer, config }: LayerCall): void {
  if (config["dataFormat"] === "channelsFirst") {
    throw new UnsupportedLayer(`"${layer.name}" has its channels first.`);
  }
}

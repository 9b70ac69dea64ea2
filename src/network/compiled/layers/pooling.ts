import { tf } from "../../../compute/tensorflow.js";
import { windowShape } from "../../../compute/wasm/window.js";
import { requireChannelsLast, type Image, type Pair } from "./image.js";
import type { LayerCall } from "./layer-call.js";
import { pool } from "../operations/pool.js";

/** The builders of layers that pool; what is one-dimensional is an image of one row. */
export const poolingLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  MaxPooling1D: (call) => pooling1D(call, "max"),
  AveragePooling1D: (call) => pooling1D(call, "average"),
  GlobalMaxPooling1D: (call) => globalPooling1D(call, "max"),
  GlobalAveragePooling1D: (call) => globalPooling1D(call, "average"),
  MaxPooling2D: (call) => pooling2D(call, "max"),
  AveragePooling2D: (call) => pooling2D(call, "average"),
  GlobalMaxPooling2D: (call) => globalPooling2D(call, "max"),
  GlobalAveragePooling2D: (call) => globalPooling2D(call, "average"),
};

type Kind = "max" | "average";

interface Settings<Sizes> {
  readonly poolSize: Sizes;
  readonly strides: Sizes;
  /** TensorFlow.js takes whatever is not "same" for "valid". */
  readonly padding: string;
}

function pooling1D(call: LayerCall, kind: Kind): number {
  const { poolSize, strides, padding } = call.config as unknown as Settings<[number]>;
  return pooling(call, kind, rowOf(call), {
    poolSize: [1, ...poolSize],
    strides: [1, ...strides],
    padding,
  });
}

function globalPooling1D(call: LayerCall, kind: Kind): number {
  return overAll(call, kind, rowOf(call));
}

function rowOf(call: LayerCall): Image {
  return [1, ...(call.inputs[0]!.shape as Pair)];
}

function pooling2D(call: LayerCall, kind: Kind): number {
  requireChannelsLast(call);
  const settings = call.config as unknown as Settings<Pair>;
  return pooling(call, kind, call.inputs[0]!.shape as Image, settings);
}

function globalPooling2D(call: LayerCall, kind: Kind): number {
  requireChannelsLast(call);
  return overAll(call, kind, call.inputs[0]!.shape as Image);
}

function overAll(call: LayerCall, kind: Kind, image: Image): number {
  const [height, width] = image;
  return pooling(call, kind, image, { poolSize: [height, width], strides: [1, 1], padding: "valid" });
}

function pooling(call: LayerCall, kind: Kind, image: Image, settings: Settings<Pair>): number {
  const { poolSize, strides, padding } = settings;
  const info = tf.backend_util.computePool2DInfo(
    [1, ...image],
    [...poolSize],
    [...strides],
    1,
    padding === "same" ? "same" : "valid",
  );
  return call.add((own) => pool(call.heap, kind, own, call.inputs[0]!.operation, windowShape(info)));
}

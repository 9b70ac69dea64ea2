import { sizeOf } from "../../../data/dataset.js";
import { requireChannelsLast, type Image, type Pair } from "./image.js";
import { interpolate } from "../operations/interpolate.js";
import type { LayerCall } from "./layer-call.js";
import { pad } from "../operations/pad.js";
import { rearrangement, select, type Selection } from "../operations/select.js";

/** The builders of layers that move values, leave some out or repeat them. */
export const shapingLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Permute: (call) => {
    const { shape } = call.inputs[0]!;
    const axes = (call.config["dims"] as readonly number[]).map((dim) => dim - 1);
    return selected(call, rearrangement(call.outputShape, shape, axes));
  },

  RepeatVector: (call) => {
    const [length] = call.inputs[0]!.shape;
    return selected(call, rearrangement(call.outputShape, [1, length!], [0, 1]));
  },

  Cropping2D: (call) => {
    requireChannelsLast(call);
    const [[top], [left]] = call.config["cropping"] as readonly [Pair, Pair];
    const [, inWidth] = call.inputs[0]!.shape as Image;
    const [height, width, channels] = call.outputShape as Image;
    const places = Array.from({ length: height * width }, (_, i) => {
      return (top + Math.floor(i / width)) * inWidth + left + (i % width);
    });
    const inputSize = sizeOf(call.inputs[0]!.shape);
    return selected(call, { inputSize, places: Int32Array.from(places), run: channels });
  },

  UpSampling2D: (call) => {
    requireChannelsLast(call);
    const { operation, shape } = call.inputs[0]!;
    const [height, width, channels] = shape as Image;
    const [rows, columns] = call.config["size"] as Pair;
    if (call.config["interpolation"] === "bilinear") {
      return call.add((own) => interpolate(own, operation, [height, width, channels], [rows, columns]));
    }
    const axes = [0, 1, 2, 3, 4];
    const repeated = [height, rows, width, columns, channels];
    return selected(call, rearrangement(repeated, [height, 1, width, 1, channels], axes));
  },

  ZeroPadding2D: (call) => {
    requireChannelsLast(call);
    const [[top, bottom], [left, right]] = call.config["padding"] as readonly [Pair, Pair];
    const { operation, shape } = call.inputs[0]!;
    return call.add((own) => pad(own, operation, shape as Image, { top, left, bottom, right }));
  },
};

function selected(call: LayerCall, selection: Selection): number {
  return call.add((own) => select(call.heap, own, call.inputs[0]!.operation, selection));
}

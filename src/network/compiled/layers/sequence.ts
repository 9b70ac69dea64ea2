import { sizeOf } from "../../../data/dataset.js";
import { dot } from "../operations/dot.js";
import { embedding } from "../operations/embedding.js";
import { layerNorm } from "../operations/layer-norm.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";

/** The builders of layers that sequences and attention are made of. */
export const sequenceLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Embedding: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const { inputDim, outputDim, maskZero } = call.config as Record<string, number>;
    const { name } = call.layer;
    if (maskZero) throw new UnsupportedLayer(`"${name}" masks code 0.`);
    // TensorFlow.js has no gradient by codes, and something else by numbers that it casts to codes.
    if (!call.isInput(operation))
      throw new UnsupportedLayer(`"${name}" takes codes that the model computes.`);
    return call.add((own) =>
      embedding({
        own,
        input: operation,
        table: call.weights[0]!,
        length: sizeOf(shape),
        vocabulary: inputDim!,
        width: outputDim!,
        name,
      }),
    );
  },

  LayerNormalization: (call) => {
    const { operation, shape } = call.inputs[0]!;
    const { axis, epsilon, scale, center } = call.config as { axis: number | number[] } & Record<
      string,
      unknown
    >;
    const axes = [axis].flat();
    if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== shape.length)) {
      throw new UnsupportedLayer(`"${call.layer.name}" normalises along axes ${axes.join()}, not the last.`);
    }
    const weights = [...call.weights];
    const scaleWeight = scale === true ? weights.shift() : undefined;
    const shiftWeight = center === true ? weights.shift() : undefined;
    return call.add((own) =>
      layerNorm({
        own,
        input: operation,
        scale: scaleWeight,
        shift: shiftWeight,
        positions: sizeOf(shape.slice(0, -1)),
        columns: shape.at(-1)!,
        epsilon: epsilon as number,
      }),
    );
  },

  Dot: (call) => {
    const { name } = call.layer;
    const { axes, normalize } = call.config as { axes: number | [number, number]; normalize: boolean };
    if (normalize) throw new UnsupportedLayer(`"${name}" normalises its inputs.`);
    const sides = call.inputs.map(({ operation, shape }, i) => {
      const rank = shape.length + 1;
      const axis = Array.isArray(axes) ? axes[i]! : axes;
      const along = axis < 0 ? axis + rank : axis;
      if (along === 0) throw new UnsupportedLayer(`"${name}" multiplies along the batch.`);
      // A vector is a matrix of one row, and the row is what it is multiplied along.
      const [height, width] = shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];
      return { operation, height, width, alongLast: along === rank - 1 };
    });
    const [x, y] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const [m, k] = x.alongLast ? [x.height, x.width] : [x.width, x.height];
    const n = y.alongLast ? y.height : y.width;
    const isLower = x.alongLast && call.exclusive(x.operation)?.isLower === true;
    const product = {
      a: { operation: x.operation, stride: x.width, transposed: !x.alongLast },
      b: { operation: y.operation, stride: y.width, transposed: y.alongLast },
      sides: { m, n, k },
    };
    return call.add((own) => dot(own, product, isLower ? "a" : "none"));
  },
};

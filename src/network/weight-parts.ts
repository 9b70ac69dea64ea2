import { tf } from "../compute/tensorflow.js";

/** A tensor of a model as `weights.bin` holds it, and a manifest describes it. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** One whose values are here. */
export interface WeightPart extends WeightSpec {
  readonly bytes: number;
  /** Its values, of no use after the next part is read. */
  read(): Promise<Uint8Array>;
}

/** The tensors of a model in the order in which `model.save` writes them, or those of a layer. */
export function weightPartsOf({ weights }: Pick<tf.layers.Layer, "weights">): WeightPart[] {
  return weights.map((weight) => {
    const tensor = weight.read();
    const spec = specOf(weight);
    return {
      ...spec,
      bytes: byteLengthOf(spec),
      async read() {
        const { buffer, byteOffset, byteLength } = await tensor.data();
        return new Uint8Array(buffer, byteOffset, byteLength);
      },
    };
  });
}

/** What a manifest says of them, which takes no values. */
export function weightSpecsOf({ weights }: Pick<tf.layers.Layer, "weights">): WeightSpec[] {
  return weights.map(specOf);
}

function specOf({ originalName, shape, dtype }: tf.LayersModel["weights"][number]): WeightSpec {
  return { name: originalName, shape: shape as number[], dtype };
}

/** Of a tensor's values in a file. */
export function byteLengthOf({ shape, dtype }: WeightSpec): number {
  return tf.util.sizeFromShape(shape as number[]) * tf.util.bytesPerElement(dtype as tf.DataType);
}

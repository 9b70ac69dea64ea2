import { tf } from "../compute/tensorflow.js";

/** A weight of a layer. */
export type Weight = tf.LayersModel["weights"][number];

/** What the first values of a weight come from. */
export interface Initializer {
  readonly apply: (shape: readonly (number | null)[], dtype?: tf.DataType) => tf.Tensor;
}

/** How layers get their weights. */
export type AddWeight = (
  this: tf.layers.Layer,
  name: string,
  shape: readonly (number | null)[],
  dtype: tf.DataType | null | undefined,
  initializer: Initializer,
  ...others: unknown[]
) => Weight;

let turn: Promise<unknown> = Promise.resolve();

/**
 * What `make` makes, of layers that get their weights as `other` does it; of several at a time one after another, since each
 * would take the others' layers for its own.
 */
export function withWeightsBy<T>(
  other: (addWeight: AddWeight) => AddWeight,
  make: () => T | Promise<T>,
): Promise<T> {
  const made = turn.then(async () => {
    const prototype = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
    const { addWeight } = prototype;
    prototype.addWeight = other(addWeight);
    try {
      return await make();
    } finally {
      prototype.addWeight = addWeight;
    }
  });
  // What is made is the caller's: nothing of it is to stay here.
  const over = () => undefined;
  turn = made.then(over, over);
  return made;
}

import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { Heap } from "../../../compute/wasm/heap.js";
import type { tf } from "../../../compute/tensorflow.js";
import type { Operation } from "../operation.js";

/** A layer as its builder sees it. */
export interface LayerCall {
  readonly heap: Heap;
  readonly layer: tf.layers.Layer;
  readonly config: Readonly<Record<string, unknown>>;
  /** What it is applied to: the operation, and its shape without the batch dimension. */
  readonly inputs: readonly { readonly operation: number; readonly shape: readonly number[] }[];
  /** Without the batch dimension. */
  readonly outputShape: readonly number[];
  /** Numbers of the layer's weights, in its own order. */
  readonly weights: readonly number[];
  /** Whether it ends an output in a softmax or sigmoid that is left out: the loss has it. */
  readonly isFolded: boolean;
  /** Its number among the random layers of the model; undefined where it is none. */
  readonly randomLayer: number | undefined;
  /** Whether nothing of it is trained: batch normalisation then keeps its running statistics, and uses them. */
  readonly isFrozen: boolean;
  /** Whether the operation with this number is an input of the model. */
  isInput(operation: number): boolean;
  /** Adds an operation that is made knowing its own number; returns that. */
  add(make: (own: number) => Operation): number;
  /** The operation with this number, if nothing but this layer reads its result. */
  exclusive(operation: number): Operation | undefined;
  /** Takes back the operation with this number, which was added last and which nothing but this layer reads. */
  remove(operation: number): void;
}

/** The model uses something that has no operation of its own here. */
export class UnsupportedLayer extends Error {}

/** The shape of one sample: without the batch dimension. */
export function sampleShape(tensor: SymbolicTensor): number[] {
  return tensor.shape.slice(1).map((size) => {
    if (size === null) throw new UnsupportedLayer(`"${tensor.name}" has a dimension of unknown size.`);
    return size;
  });
}

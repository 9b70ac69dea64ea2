/** One parameter tensor's place in θ. */
export interface TensorSlot {
  readonly name: string;
  readonly shape: readonly number[];
  /** First entry in θ. */
  readonly offset: number;
  readonly size: number;
  /** Position of the layer it belongs to, in the model's order. */
  readonly layer: number;
  /** Its rows are looked up, not multiplied with. */
  readonly isEmbedding?: true;
}

/** How a model's trainable tensors lie in θ: one after another, in the model's own order (docs/algorithms.md §0). */
export interface ParameterLayout {
  readonly slots: readonly TensorSlot[];
  /** n */
  readonly dimension: number;
}

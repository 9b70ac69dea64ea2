/** Losses, whose gradients they write where they are asked to. */
export interface LossKernels {
  /**
   * Σ of the rows' softmax cross-entropy for logits z and labels y, both (rows, classes), in double precision; the
   * gradient of `weight` times that sum goes to dz unless that is 0.
   */
  crossEntropy(z: number, y: number, rows: number, classes: number, weight: number, dz: number): number;
  /** The same with class numbers, labels (rows). */
  sparseCrossEntropy(
    z: number,
    labels: number,
    rows: number,
    classes: number,
    weight: number,
    dz: number,
  ): number;
  /** Σ_rows of the mean over `width` of (p − y)², in double precision; the gradient of `weight` times that goes to d unless that is 0. */
  squaredError(p: number, y: number, rows: number, width: number, weight: number, d: number): number;
  /** The same of the cross-entropies of sigmoid(z). */
  sigmoidCrossEntropy(z: number, y: number, rows: number, width: number, weight: number, d: number): number;
}

import { UsageError } from "../../../errors.js";
import type { Operation } from "../operation.js";

/** What an embedding is made of. */
export interface EmbeddingShape {
  readonly own: number;
  readonly input: number;
  /** Number of the table (vocabulary, width) among the weights. */
  readonly table: number;
  /** Codes per sample. */
  readonly length: number;
  readonly vocabulary: number;
  readonly width: number;
  /** For people. */
  readonly name: string;
}

/**
 * y = the rows of the table that codes name: (rows, length) → (rows, length, width). Codes are float32 and cut to whole
 * numbers, as TensorFlow.js casts them; forward throws a UsageError for one that names no row.
 */
export function embedding(shape: EmbeddingShape): Operation {
  const { own, input, table, length, vocabulary, width, name } = shape;
  return {
    inputs: [input],
    size: length * width,
    weights: [table],

    forward({ heap, rows, values, weights }) {
      const [codes, count] = [values[input]!, rows * length];
      const wrong = heap.kernels.gather(codes, count, weights[table]!, vocabulary, width, values[own]!);
      if (wrong < 0) return;
      throw new UsageError(
        `Expected codes from 0 to ${vocabulary - 1} for Embedding "${name}", got ${heap.floats(codes, count)[wrong]} in the data. ` +
          `Give it an inputDim above the largest code.`,
      );
    },

    backward({ heap, rows, values, gradients, weightGradients, accumulate }) {
      const gradient = weightGradients[table]!;
      if (gradient === 0) return;
      if (!accumulate) heap.kernels.zero(vocabulary * width, gradient);
      heap.kernels.scatterAdd(values[input]!, rows * length, gradients[own]!, width, gradient);
    },
  };
}

import { addsTo, type Operation } from "../operation.js";

/** What a layer normalisation is made of; γ and β are (columns). */
export interface LayerNormShape {
  readonly own: number;
  readonly input: number;
  /** Numbers of γ and β among the weights, where the layer has them. */
  readonly scale: number | undefined;
  readonly shift: number | undefined;
  /** Rows per sample. */
  readonly positions: number;
  readonly columns: number;
  readonly epsilon: number;
}

/** y = γ (x − μ) / √(σ² + ε) + β, μ and σ² the mean and variance of each row of columns. */
export function layerNorm(shape: LayerNormShape): Operation {
  const { own, input, scale, shift, positions, columns, epsilon } = shape;
  return {
    inputs: [input],
    size: positions * columns,
    memory: 2 * positions,
    weights: [scale, shift].filter((weight) => weight !== undefined),

    forward({ heap, rows, values, memory, weights }) {
      const gamma = scale === undefined ? 0 : weights[scale]!;
      const beta = shift === undefined ? 0 : weights[shift]!;
      const count = rows * positions;
      heap.kernels.layerNorm(
        values[input]!,
        count,
        columns,
        gamma,
        beta,
        epsilon,
        memory[own]!,
        values[own]!,
      );
    },

    backward(frame) {
      const { heap, rows, values, memory, weights, gradients, weightGradients, accumulate } = frame;
      const [x, dy, statistics] = [values[input]!, gradients[own]!, memory[own]!];
      const count = rows * positions;
      const dGamma = scale === undefined ? 0 : weightGradients[scale]!;
      const dBeta = shift === undefined ? 0 : weightGradients[shift]!;
      if (dGamma !== 0 || dBeta !== 0) {
        heap.kernels.layerNormSums(x, dy, count, columns, statistics, accumulate, dGamma, dBeta);
      }
      const dx = gradients[input]!;
      if (dx === 0) return;
      const gamma = scale === undefined ? 0 : weights[scale]!;
      const adds = addsTo(frame, input);
      heap.kernels.layerNormGradient(x, dy, count, columns, gamma, statistics, adds, dx);
    },
  };
}

import { sizeOf } from "../../../data/dataset.js";
import type { Heap } from "../../../compute/wasm/heap.js";
import type { ActivationName } from "../../../compute/wasm/kernels/activations.js";
import { UnsupportedLayer, type LayerCall } from "../layers/layer-call.js";
import { addsTo, type Operation } from "../operation.js";

/** The builder of BatchNormalization. */
export function batchNormalization(call: LayerCall): number {
  const { operation, shape } = call.inputs[0]!;
  const { axis, epsilon, scale, center } = call.config as Record<string, number | boolean>;
  if (axis !== -1 && axis !== shape.length) {
    throw new UnsupportedLayer(`"${call.layer.name}" normalises along axis ${axis}, not the last.`);
  }
  const weights = [...call.weights];
  const scaleWeight = scale === true ? weights.shift() : undefined;
  const shiftWeight = center === true ? weights.shift() : undefined;
  return call.add((own) =>
    batchNorm(call.heap, {
      own,
      input: operation,
      scale: scaleWeight,
      shift: shiftWeight,
      movingMean: weights[0]!,
      movingVariance: weights[1]!,
      channels: shape.at(-1)!,
      positions: sizeOf(shape.slice(0, -1)),
      epsilon: epsilon as number,
      frozen: call.isFrozen,
    }),
  );
}

/** What a batch normalisation is made of; all weights are (channels). */
interface BatchNormShape {
  readonly own: number;
  readonly input: number;
  /** Numbers of γ and β among the weights, where the layer has them. */
  readonly scale: number | undefined;
  readonly shift: number | undefined;
  readonly movingMean: number;
  readonly movingVariance: number;
  readonly channels: number;
  /** Rows of channels per sample: height · width of images, 1 behind a dense layer. */
  readonly positions: number;
  readonly epsilon: number;
  /** Whether it keeps its running statistics, and always uses those. */
  readonly frozen: boolean;
}

/** The activations that it takes over, by what they hold values between. */
const BOUNDS = {
  linear: { least: -Infinity, most: Infinity },
  relu: { least: 0, most: Infinity },
  relu6: { least: 0, most: 6 },
} as const;

/**
 * y = f(γ (x − μ) / √(σ² + ε) + β), μ and σ² the mean and variance of the block's rows, channel by channel; the
 * running ones for inference, and always where the layer is frozen. f is the identity, or a ReLU that was fused.
 */
function batchNorm(heap: Heap, shape: BatchNormShape): Operation {
  const { own, input, scale, shift, movingMean, movingVariance, channels, positions, epsilon, frozen } =
    shape;
  let fused: keyof typeof BOUNDS = "linear";
  const memory = heap.allocate(4 * channels * 8);
  const [mean, variance, factor, offset, sum, product, slope, constant] = Array.from(
    { length: 8 },
    (_, i) => memory + 4 * channels * i,
  ) as [number, number, number, number, number, number, number, number];
  const vector = (address: number) => heap.floats(address, channels);
  /** factor ← γ/√(σ² + ε) */
  const setFactor = (weights: readonly number[]) => {
    const [v, f] = [vector(variance), vector(factor)];
    const gamma = scale === undefined ? undefined : vector(weights[scale]!);
    for (let c = 0; c < channels; c++) f[c] = (gamma?.[c] ?? 1) / Math.sqrt(v[c]! + epsilon);
  };
  const statistics = {
    mean: movingMean,
    variance: movingVariance,
    channels,
    batchMean: mean,
    batchVariance: variance,
  };

  return {
    inputs: [input],
    size: positions * channels,
    weights: [scale, shift].filter((weight) => weight !== undefined),
    ...(frozen ? {} : { statistics }),
    dispose: () => {
      heap.free(memory);
    },

    fuse(activation: ActivationName) {
      if (fused !== "linear" || !(activation in BOUNDS)) return false;
      fused = activation as keyof typeof BOUNDS;
      return true;
    },

    forward({ rows, values, weights, inference }) {
      const { kernels } = heap;
      const count = rows * positions;
      if (inference || frozen) {
        kernels.copy(weights[movingMean]!, channels, mean);
        kernels.copy(weights[movingVariance]!, channels, variance);
      } else {
        kernels.moments(values[input]!, count, channels, mean, variance);
      }
      setFactor(weights);
      const o = vector(offset);
      const beta = shift === undefined ? undefined : vector(weights[shift]!);
      for (let c = 0; c < channels; c++) o[c] = beta?.[c] ?? 0;
      const { least, most } = BOUNDS[fused];
      kernels.normalise(values[input]!, mean, factor, offset, count, channels, least, most, values[own]!);
    },

    // With r = 1/√(σ² + ε), S = Σ dy, T = Σ dy (x − μ) and m rows:
    //   dβ = S,  dγ = r T,  dx = γr (dy − S/m − r² (x − μ) T/m);
    // with statistics that do not depend on x: dx = γr dy
    backward(frame) {
      const { rows, values, gradients, weights, weightGradients, accumulate } = frame;
      const { kernels } = heap;
      const count = rows * positions;
      setFactor(weights); // other blocks may have come between
      const x = values[input]!;
      const dz = gradients[own]!;
      const bounded = fused === "linear" ? 0 : values[own]!;
      const { most } = BOUNDS[fused];
      kernels.normalisationSums(x, dz, mean, bounded, most, count, channels, sum, product);
      const [v, f, S, T] = [vector(variance), vector(factor), vector(sum), vector(product)];
      const [b, c] = [vector(slope), vector(constant)];
      const dGamma = scale === undefined ? 0 : weightGradients[scale]!;
      const dBeta = shift === undefined ? 0 : weightGradients[shift]!;
      if (dBeta !== 0) addVector(vector(dBeta), S, accumulate);
      for (let i = 0; i < channels; i++) {
        const r2 = 1 / (v[i]! + epsilon);
        b[i] = frozen ? 0 : (-f[i]! * r2 * T[i]!) / count;
        c[i] = frozen ? 0 : (-f[i]! * S[i]!) / count;
        T[i]! *= Math.sqrt(r2);
      }
      if (dGamma !== 0) addVector(vector(dGamma), T, accumulate);
      const dx = gradients[input]!;
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      kernels.normalisationGradient(x, dz, mean, factor, slope, constant, count, channels, adds, dx);
    },
  };
}

function addVector(out: Float32Array, x: Float32Array, accumulate: boolean): void {
  for (let i = 0; i < out.length; i++) out[i] = accumulate ? out[i]! + x[i]! : x[i]!;
}

import { number, type ValuesOf } from "../../config/option.js";
import { adamStep } from "../../linalg/adam-step.js";
import { orthogonalised } from "../../linalg/newton-schulz.js";
import type { TensorSlot } from "../../network/layout.js";
import { defineMethod } from "../description.js";
import type { MethodContext } from "../problem.js";
import { biasCorrection } from "./adam.js";
import { beta, decay, MINI_BATCHES, rateOptions } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

const options = {
  ...rateOptions(0.02),
  adamRate: number({ min: 0, fallback: 3e-4, help: "learning rate of what is no hidden matrix" }),
  momentum: beta(0.95, "share of the mean gradient kept"),
  weightDecay: decay(0),
};

/** Those of AdamW, as in the reference code. */
const [BETA1, BETA2, EPSILON] = [0.9, 0.95, 1e-10] as const;

/** A tensor as a matrix (rows, columns): its last axis is its columns, as a kernel's outputs are TensorFlow.js' last. */
interface Matrix {
  readonly offset: number;
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The kernels that Muon takes: matrices, convolutions' (height · width · inputs, outputs) among them, of more than one row
 * and column, neither of the first nor of the last layer that has any, nor an embedding.
 */
export function hiddenMatrices(tensors: readonly TensorSlot[]): Matrix[] {
  const matrices = tensors.flatMap((tensor) => {
    const { shape, offset, size, layer } = tensor;
    const columns = shape.at(-1) ?? 1;
    const rows = size / columns;
    return rows > 1 && columns > 1 ? [{ offset, size, rows, columns, layer, tensor }] : [];
  });
  const layers = matrices.map(({ layer }) => layer);
  const [first, last] = [Math.min(...layers), Math.max(...layers)];
  return matrices
    .filter(({ layer, tensor }) => layer > first && layer < last && !tensor.isEmbedding)
    .map(({ offset, size, rows, columns }) => ({ offset, size, rows, columns }));
}

/**
 * Muon: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), as in its reference code
 * (KellerJordan/Muon, MuonWithAuxAdam; that orthogonalises in bfloat16). Of each hidden matrix
 *
 *   M ← μM + (1−μ)G,   O = orthogonalised(μM + (1−μ)G),   W ← W − ηλW − η √max(1, outputs/inputs) O
 *
 * and AdamW of all else. Matrices are whole on every rank, which all compute the same.
 */
function muonRule(
  adamRateOf: (t: number) => number,
  matrices: readonly Matrix[],
  { momentum, weightDecay }: ValuesOf<typeof options>,
): UpdateRule<"m" | "v"> {
  return {
    remembers: ["m", "v"],
    update({ t, rate }, { m, v }, theta, g, out) {
      const { m: mScale, v: vScale } = biasCorrection(BETA1, BETA2, t);
      const adamRate = adamRateOf(t);
      const adam = {
        beta1: BETA1,
        beta2: BETA2,
        coupled: 0,
        keep: 1 - adamRate * weightDecay,
        rate: adamRate * mScale,
        scale: vScale,
        epsilon: EPSILON,
      };
      let done = 0;
      const adamUpTo = (end: number): void => {
        const part = (of: Float32Array) => of.subarray(done, end);
        if (end > done) adamStep(adam, part(m), part(v), part(theta), part(g), part(out));
      };
      for (const { offset, size, rows, columns } of matrices) {
        adamUpTo(offset);
        done = offset + size;
        const direction = new Float32Array(size);
        for (let i = 0; i < size; i++) {
          const gradient = g[offset + i]!;
          const mean = momentum * m[offset + i]! + (1 - momentum) * gradient;
          m[offset + i] = mean;
          direction[i] = momentum * mean + (1 - momentum) * gradient;
        }
        const step = orthogonalised(direction, rows, columns);
        const length = rate * Math.sqrt(Math.max(1, columns / rows));
        const keep = 1 - rate * weightDecay;
        for (let i = 0; i < size; i++) out[offset + i] = keep * theta[offset + i]! - length * step[i]!;
      }
      adamUpTo(theta.length);
    },
  };
}

function create(context: MethodContext, values: ValuesOf<typeof options>) {
  const adamRateOf = ratesOf({ ...values, learningRate: values.adamRate }, context);
  const rule = muonRule(adamRateOf, hiddenMatrices(context.tensors), values);
  return gradientMethod(context, ratesOf(values, context), rule);
}

export const muon = defineMethod({
  name: "muon",
  summary: "orthogonalised momentum of hidden matrices, AdamW of all else",
  source: "Jordan et al., 2024",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options,
  create,
});

import type { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import { layersOf, shown, type Container } from "./inspect/graph.js";
import { UsageError } from "../errors.js";
import type { ParameterLayout } from "./layout.js";

/** What regularisers add to the objective: Σ over weights of l1 Σ|w| + l2 Σw². */
export interface Penalty {
  value(theta: Vector): number;
  /** Adds its gradient to `out` (n,). */
  addGradient(theta: Vector, out: Vector): void;
}

interface Term {
  readonly offset: number;
  readonly size: number;
  readonly l1: number;
  readonly l2: number;
}

/** Which weight a layer's regulariser is of, where that is not its name's beginning. */
const WEIGHTS: Readonly<Record<string, string>> = {
  recurrent: "recurrentKernel",
  depthwise: "depthwiseKernel",
  pointwise: "pointwiseKernel",
};

type Parts = Readonly<Record<string, unknown>>;

/**
 * The penalty of a model's regularisers on its trained weights; undefined where there is none.
 * @param variables those of the layout, in its order
 * @throws UsageError for a regulariser of a class of the user's own
 */
export function penaltyOf(
  model: Container,
  { slots }: ParameterLayout,
  variables: readonly tf.Tensor[],
): Penalty | undefined {
  const terms: Term[] = [];
  const seen = new Set<object>();
  for (const { layer } of layersOf(model)) {
    for (const part of partsOf(layer as unknown as Parts)) {
      if (seen.has(part)) continue;
      seen.add(part);
      for (const [key, regulariser] of Object.entries(part)) {
        const of = /^(\w+)Regularizer$/.exec(key)?.[1];
        if (of === undefined || of === "activity" || regulariser == null) continue;
        const weight = part[WEIGHTS[of] ?? of] as { read(): tf.Tensor } | null | undefined;
        const slot = weight && slots[variables.indexOf(weight.read())];
        if (slot)
          terms.push({
            offset: slot.offset,
            size: slot.size,
            ...strengths(regulariser, `${key} of ${shown(layer)}`),
          });
      }
    }
  }
  const own = terms.filter(({ l1, l2 }) => l1 !== 0 || l2 !== 0);
  return own.length === 0 ? undefined : sumOf(own);
}

/** A layer, or its recurrent cells. */
function partsOf(layer: Parts): Parts[] {
  const cell = layer["cell"] as (Parts & { readonly cells?: Parts[] }) | undefined;
  return cell ? (cell.cells ?? [cell]) : [layer];
}

function strengths(regulariser: unknown, place: string): { l1: number; l2: number } {
  const { l1, l2, getClassName } = regulariser as { l1?: number; l2?: number; getClassName?: () => string };
  const name = getClassName?.call(regulariser) ?? typeof regulariser;
  if (name === "L1L2" && typeof l1 === "number" && typeof l2 === "number") return { l1, l2 };
  throw new UsageError(
    `Expected regularisers of l1 and l2, got ${name} as ${place}. ` +
      `Write the penalty into a loss of your own, or leave it out.`,
  );
}

function sumOf(terms: readonly Term[]): Penalty {
  return {
    value(theta) {
      let total = 0;
      for (const { offset, size, l1, l2 } of terms) {
        let [absolute, squares] = [0, 0];
        for (let i = offset; i < offset + size; i++) {
          const w = theta[i]!;
          absolute += Math.abs(w);
          squares += w * w;
        }
        total += l1 * absolute + l2 * squares;
      }
      return total;
    },
    addGradient(theta, out) {
      for (const { offset, size, l1, l2 } of terms) {
        for (let i = offset; i < offset + size; i++) {
          const w = theta[i]!;
          out[i]! += l1 * Math.sign(w) + 2 * l2 * w;
        }
      }
    },
  };
}

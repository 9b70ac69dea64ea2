import { same, type VectorSpace } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { StepReport } from "../methods/method.js";
import { leadsNowhere, type MethodContext } from "../methods/problem.js";

/** Iterations in a row that accept nothing and leave θ where it was, after which a run counts as stalled (docs/algorithms.md §1.7). */
const STALLED_AFTER = 5;

/** Whether a run on the full batch still gets anywhere: "while not converged" of TCKK23 Algorithm 1. */
export interface Progress {
  /** ‖∇f‖_∞ where the last step began. */
  readonly gradientNorm: number;
  /** Steps since one was accepted or θ moved. */
  readonly unmoved: number;
}

export const noProgress: Progress = { gradientNorm: Infinity, unmoved: 0 };

/** After a step on the full batch that led from `from` to `to`. Collective. */
export async function afterStep(
  space: VectorSpace,
  { unmoved }: Progress,
  { accepted, gradientNorm }: StepReport,
  from: Vector,
  to: Vector,
): Promise<Progress> {
  return { gradientNorm, unmoved: !accepted && (await same(space, from, to)) ? unmoved + 1 : 0 };
}

export function endOf(
  { gradientNorm, unmoved }: Progress,
  context: Pick<MethodContext, "fullBatch" | "tolerance">,
): "converged" | "stalled" | undefined {
  if (Number.isFinite(gradientNorm) && leadsNowhere(context, gradientNorm)) return "converged";
  return unmoved >= STALLED_AFTER ? "stalled" : undefined;
}

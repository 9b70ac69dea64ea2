import { same, type Vector } from "../linalg/vector.js";
import { leadsNowhere, type MethodContext, type StepReport } from "../methods/problem.js";

/** Iterations in a row that accept nothing and leave θ where it was, after which a run counts as stalled (docs/algorithms.md §1.7). */
const STALLED_AFTER = 5;

/** What a checkpoint keeps of it. */
export interface ProgressState {
  /** ‖∇f‖_∞ where the last step began. */
  readonly gradientNorm: number;
  /** Steps since one was accepted or θ moved. */
  readonly unmoved: number;
}

/** Whether a run on the full batch still gets anywhere: "while not converged" of TCKK23 Algorithm 1. */
export class Progress {
  #state: ProgressState = { gradientNorm: Infinity, unmoved: 0 };

  constructor(private readonly context: Pick<MethodContext, "fullBatch" | "tolerance">) {}

  /** A step led from `from` to `to`. */
  follow({ accepted, gradientNorm }: StepReport, from: Vector, to: Vector): void {
    if (!this.context.fullBatch) return;
    this.#state = { gradientNorm, unmoved: !accepted && same(from, to) ? this.#state.unmoved + 1 : 0 };
  }

  ended(): "converged" | "stalled" | undefined {
    const { gradientNorm, unmoved } = this.#state;
    if (Number.isFinite(gradientNorm) && leadsNowhere(this.context, gradientNorm)) return "converged";
    return unmoved >= STALLED_AFTER ? "stalled" : undefined;
  }

  save(): ProgressState {
    return this.#state;
  }

  restore(state: ProgressState): void {
    this.#state = state;
  }
}

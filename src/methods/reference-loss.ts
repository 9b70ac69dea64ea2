import type { MethodState, Problem } from "./problem.js";

/**
 * f_ref, what non-monotone acceptance measures a trial against: the largest of the current loss and of the W − 1
 * losses accepted before it (docs/algorithms.md §8, ACLTK26). A window never spans different batches.
 */
export class ReferenceLoss {
  #batch: Problem | undefined;
  #before: readonly number[] = [];

  /** @param window W ≥ 1; with 1, f_ref is the current loss */
  constructor(private readonly window: number) {}

  /** f_ref where the current loss is `f`. */
  at(problem: Problem, f: number): number {
    return Math.max(f, ...(problem === this.#batch ? this.#before : []));
  }

  /** The method leaves an accepted point with loss `f` behind. */
  passed(problem: Problem, f: number): void {
    const before = problem === this.#batch ? this.#before : [];
    this.#batch = problem;
    this.#before = this.window === 1 ? [] : [...before, f].slice(1 - this.window);
  }

  save(): MethodState {
    return { before: this.#before };
  }

  restore(state: MethodState, problem: Problem | undefined): void {
    this.#batch = problem;
    this.#before = state["before"] as readonly number[];
  }
}

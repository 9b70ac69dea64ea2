import { normInf, type Vector } from "../linalg/vector.js";
import type { Model } from "../trust-region/model.js";
import type { Iterate } from "../trust-region/step.js";
import type { MethodState, Problem } from "./problem.js";

/** A point with f and ∇f there. */
export interface KnownPoint extends Iterate {
  readonly g: Vector;
}

/**
 * Evaluates f and ∇f for a trust-region method, shows every gradient that is finite to its model, and keeps what is known where the
 * method stands: where the same batch comes again, nothing is evaluated twice (docs/algorithms.md §4 (e)).
 */
export class KnownPoints {
  #batch: Problem | undefined;
  #here: { readonly f: number; readonly g: Vector } | undefined;

  constructor(private readonly model: Model) {}

  /** f and g at `x`, where the method stands. */
  async at(problem: Problem, x: Vector): Promise<KnownPoint> {
    if (this.#batch !== problem) {
      this.#batch = problem;
      this.#here = undefined;
      this.model.startBatch();
    }
    return this.#here ? { x, ...this.#here } : this.evaluate(problem, x);
  }

  /** f and g at any `x` of the current batch. */
  async evaluate(problem: Problem, x: Vector): Promise<KnownPoint> {
    const g = new Float32Array(x.length);
    const f = await problem.objective.gradient(x, g);
    if (Number.isFinite(normInf(g))) this.model.observe(x, g);
    return { x, f, g };
  }

  /** Shows a trial to a model that learns from it, for the price of a gradient. */
  async showTrial(problem: Problem, x: Vector): Promise<void> {
    if (!this.model.observeTrial) return;
    const g = new Float32Array(x.length);
    await problem.objective.gradient(x, g);
    if (Number.isFinite(normInf(g))) this.model.observeTrial(x, g);
  }

  /** The method now stands at `point`; undefined: where only f is known. */
  moveTo(point: KnownPoint | undefined): void {
    this.#here = point && { f: point.f, g: point.g };
  }

  save(): MethodState {
    return { here: this.#here ?? null };
  }

  restore(state: MethodState, problem: Problem | undefined): void {
    this.#batch = problem;
    this.#here = problem && ((state["here"] as { f: number; g: Vector } | null) ?? undefined);
  }
}

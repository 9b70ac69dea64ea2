import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import { UsageError } from "../errors.js";
import { describe } from "../data/arrays.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import { wholeSpace, type VectorSpace } from "../linalg/space.js";
import { treeSum, type EvaluateChunk } from "../linalg/tree-sum.js";
import { scale, type Vector } from "../linalg/vector.js";
import type { Problem, Shards } from "../methods/problem.js";
import type { Objective } from "../trust-region/objective.js";
import type { Point } from "../trust-region/point.js";

/**
 * f, or one of the parts whose sum it is: returns its value at x, (n). Where `gradient` is given, (n), it writes over
 * every component of it; what is in there before means nothing. Both arrays are the function's own until it returns.
 *
 * @param part which part, from 0 on; 0 where f is whole
 */
export type PlainFunction = (
  x: Float32Array,
  gradient: Float32Array | undefined,
  part: number,
) => number | Promise<number>;

/** How often f was evaluated without and with its gradient. */
export interface Evaluations {
  values: number;
  gradients: number;
}

/** Sums what is evaluated of parts. */
type EvaluateOn = (evaluate: EvaluateChunk, out: Vector) => Promise<number>;

const NO_VECTOR = new Float32Array(0);

export interface PlainParts {
  readonly comm: Communicator;
  readonly decomposition: Decomposition;
  /** f is the sum of so many parts, each evaluated by one of the ranks. */
  readonly parts: number;
  /** N, for methods that work on shards: runs of the parts. */
  readonly shards?: number | undefined;
}

/** A function of plain JavaScript, on all ranks the same sum of parts, as methods see it. */
export class PlainProblem implements Problem {
  /** There is but one f. */
  readonly key = "f";
  readonly objective: Objective;
  readonly space: VectorSpace;
  readonly shards: Shards | undefined;
  /** How often all of f was evaluated by all ranks together, and by this one alone. */
  readonly #together: Evaluations = { values: 0, gradients: 0 };
  readonly #alone: Evaluations = { values: 0, gradients: 0 };
  readonly #f: PlainFunction;
  readonly #parts: PlainParts;
  /** What f is given of a point, which is not f's to write to. */
  readonly #copy: Vector;

  constructor(f: PlainFunction, parts: PlainParts) {
    const { dimension } = parts.decomposition;
    this.#f = f;
    this.#parts = parts;
    this.#copy = new Float32Array(dimension);
    this.space = wholeSpace(dimension);
    this.shards = parts.shards === undefined ? undefined : this.#cut(parts.shards);
    this.objective = this.#objective(this.#together, (evaluate, out) =>
      chunkedSum(parts.comm, parts.parts, evaluate, out),
    );
  }

  /** x_i ↦ f(x), all parts on this rank; the sum follows the same tree. */
  local(subdomain: number, at: Point): Objective {
    const { decomposition, parts } = this.#parts;
    const R = decomposition.subdomains[subdomain]!;
    const full = at.x.slice();
    const fullGradient = new Float32Array(full.length);
    const whole = this.#objective(this.#alone, (evaluate, out) => treeSum(parts, evaluate, out));
    return {
      value: (x) => whole.value(R.prolong(x, full)),
      gradient: async (x, out) => {
        const f = await whole.gradient(R.prolong(x, full), fullGradient);
        R.restrict(fullGradient, out);
        return f;
      },
    };
  }

  /** f_d = N times the sum of a run of the parts, so that f = Σ f_d / N. */
  #cut(count: number): Shards {
    const first = (d: number) => Math.floor((this.#parts.parts * d) / count);
    const local = (d: number): Objective => {
      const scaled: EvaluateOn = (evaluate, out) =>
        treeSum(
          first(d + 1) - first(d),
          async (part, partial) => {
            const f = await evaluate(first(d) + part, partial);
            scale(count, partial, partial);
            return count * f;
          },
          out,
        );
      return this.#objective(this.#alone, scaled);
    };
    return { count, weight: () => 1 / count, local, miniBatches: (d) => [local(d)] };
  }

  /** Of all ranks. Collective. */
  async evaluations(): Promise<Readonly<Evaluations>> {
    const { values, gradients } = this.#alone;
    const alone = await this.#parts.comm.allreduce(Float64Array.of(values, gradients), "sum");
    return { values: this.#together.values + alone[0]!, gradients: this.#together.gradients + alone[1]! };
  }

  #objective(count: Evaluations, sum: EvaluateOn): Objective {
    return {
      value: (x) => {
        count.values++;
        return sum((part) => this.#call(x, undefined, part), NO_VECTOR);
      },
      gradient: async (x, out) => {
        count.gradients++;
        const f = await sum((part, gradient) => this.#call(x, gradient.fill(NaN), part), out);
        if (Number.isFinite(f)) expectWritten(out, f);
        return f;
      },
    };
  }

  async #call(x: Vector, gradient: Vector | undefined, part: number): Promise<number> {
    this.#copy.set(x);
    const f: unknown = await this.#f(this.#copy, gradient, part);
    if (typeof f === "number") return f;
    throw new UsageError(`Expected f(x, gradient) to return a number, got ${describe(f)}.`);
  }
}

/** @throws UsageError where f has a value but not its gradient, which nothing here makes up */
function expectWritten(gradient: Vector, f: number): void {
  let missing = 0;
  for (let i = 0; i < gradient.length; i++) if (Number.isNaN(gradient[i])) missing++;
  if (missing === 0) return;
  const { length } = gradient;
  const got =
    missing === length
      ? "none of them"
      : `NaN in ${missing} of them, the first at index ${gradient.findIndex(Number.isNaN)}`;
  throw new UsageError(
    `Expected f(x, gradient) to write the gradient of f over its second argument, ${length} ${length === 1 ? "number" : "numbers"}, got ${got}, where f is ${f}. ` +
      "What is in the array before means nothing, and no finite differences are taken.",
  );
}

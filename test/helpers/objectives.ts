import type { Decomposition } from "../../src/decomposition/decomposition.js";
import { Restriction } from "../../src/linalg/restriction.js";
import { wholeSpace, type VectorSpace } from "../../src/linalg/space.js";
import type { Vector } from "../../src/linalg/vector.js";
import type { BatchKey, Problem, Shards } from "../../src/methods/problem.js";
import type { Objective } from "../../src/trust-region/objective.js";
import type { Point } from "../../src/trust-region/point.js";

/** f and ∇f in float64, as plain functions: the analytic test bed. */
export interface TestFunction {
  readonly name: string;
  readonly dimension: number;
  readonly start: readonly number[];
  value(x: Vector): number;
  gradient(x: Vector, out: Vector): void;
}

/** Σ 100 (x_{2i+1} − x_{2i}²)² + (1 − x_{2i})²: minimum 0 at ones. */
export function rosenbrock(dimension: number): TestFunction {
  return {
    name: `rosenbrock-${dimension}`,
    dimension,
    start: Array.from({ length: dimension }, (_, i) => (i % 2 === 0 ? -1.2 : 1)),
    value(x) {
      let f = 0;
      for (let i = 0; i + 1 < dimension; i += 2) {
        f += 100 * (x[i + 1]! - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2;
      }
      return f;
    },
    gradient(x, out) {
      for (let i = 0; i + 1 < dimension; i += 2) {
        const t = x[i + 1]! - x[i]! ** 2;
        out[i] = -400 * x[i]! * t - 2 * (1 - x[i]!);
        out[i + 1] = 200 * t;
      }
    },
  };
}

/** ½ Σ λ_i (x_i − 1)², λ from 1 to `condition`, geometrically: minimum 0 at ones. */
export function quadratic(dimension: number, condition: number): TestFunction {
  const lambda = Array.from({ length: dimension }, (_, i) => condition ** (i / Math.max(1, dimension - 1)));
  return {
    name: `quadratic-${condition}`,
    dimension,
    start: new Array<number>(dimension).fill(0),
    value: (x) => lambda.reduce((sum, l, i) => sum + 0.5 * l * (x[i]! - 1) ** 2, 0),
    gradient(x, out) {
      lambda.forEach((l, i) => (out[i] = l * (x[i]! - 1)));
    },
  };
}

/** x² − y² + y⁴/2: a saddle at 0, minima −½ at (0, ±1). */
export const saddle: TestFunction = {
  name: "saddle",
  dimension: 2,
  start: [1, 1e-3],
  value: (x) => x[0]! ** 2 - x[1]! ** 2 + x[1]! ** 4 / 2,
  gradient(x, out) {
    out[0] = 2 * x[0]!;
    out[1] = -2 * x[1]! + 2 * x[1]! ** 3;
  },
};

/** Non-convex: Σ (1 − cos(x_i − x_{i−1})) + ½ sin(x_i)² + x_i²/20. Minimum 0 at 0. */
export function trigonometric(dimension: number): TestFunction {
  return {
    name: `trigonometric-${dimension}`,
    dimension,
    start: Array.from({ length: dimension }, (_, i) => 1 + 0.3 * Math.sin(3 * i)),
    value(x) {
      let f = 0;
      for (let i = 0; i < dimension; i++) {
        const before = i > 0 ? x[i - 1]! : 0;
        f += 1 - Math.cos(x[i]! - before) + 0.5 * Math.sin(x[i]!) ** 2 + x[i]! ** 2 / 20;
      }
      return f;
    },
    gradient(x, out) {
      out.fill(0);
      for (let i = 0; i < dimension; i++) {
        const before = i > 0 ? x[i - 1]! : 0;
        const pull = Math.sin(x[i]! - before);
        out[i]! += pull + Math.sin(x[i]!) * Math.cos(x[i]!) + x[i]! / 10;
        if (i > 0) out[i - 1]! -= pull;
      }
    },
  };
}

/** Counts evaluations, so tests can say what a step costs. */
export class CountedObjective implements Objective {
  values = 0;
  gradients = 0;

  constructor(readonly f: TestFunction) {}

  value(x: Vector): Promise<number> {
    this.values++;
    return Promise.resolve(this.f.value(x));
  }

  gradient(x: Vector, out: Vector): Promise<number> {
    this.gradients++;
    this.f.gradient(x, out);
    return Promise.resolve(this.f.value(x));
  }
}

/** A test function as the problem of a distributed method: every rank evaluates all of it. */
export class TestProblem implements Problem {
  readonly objective: CountedObjective;
  readonly space: VectorSpace;
  localValues = 0;
  localGradients = 0;
  readonly shards: Shards;

  constructor(
    readonly f: TestFunction,
    readonly decomposition: Decomposition,
    readonly key: BatchKey = f.name,
  ) {
    this.objective = new CountedObjective(f);
    this.space = wholeSpace(f.dimension);
    this.shards = tilted(f, decomposition.subdomains.length);
  }

  local(subdomain: number, at: Point): Objective {
    const R = this.decomposition.subdomains[subdomain]!;
    const full = at.x.slice();
    const gradient = new Float32Array(full.length);
    return {
      value: (x) => {
        this.localValues++;
        return Promise.resolve(this.f.value(R.prolong(x, full)));
      },
      gradient: (x, out) => {
        this.localGradients++;
        this.f.gradient(R.prolong(x, full), gradient);
        R.restrict(gradient, out);
        return Promise.resolve(this.f.value(full));
      },
    };
  }
}

/** f_d(x) = f(x) + tilt_d Σ x_i, of weights that grow with d and tilts whose weighted sum is zero. */
function tilted(f: TestFunction, count: number): Shards {
  const weight = (d: number) => (d + 1) / ((count * (count + 1)) / 2);
  const tilt = (d: number) =>
    (d % 2 === 0 ? 1 : -1) * (d === count - 1 && count % 2 === 1 ? 0 : 0.05 / weight(d));
  const local = (d: number): Objective => {
    const term = (x: Vector) => tilt(d) * x.reduce((sum, value) => sum + value, 0);
    return {
      value: (x) => Promise.resolve(f.value(x) + term(x)),
      gradient: (x, out) => {
        f.gradient(x, out);
        out.forEach((value, i) => (out[i] = value + tilt(d)));
        return Promise.resolve(f.value(x) + term(x));
      },
    };
  };
  return { count, weight, local, miniBatches: (d) => [local(d), local(d)] };
}

/** N runs of coordinates of nearly equal length. */
export function evenSplit(dimension: number, count: number): Decomposition {
  return {
    name: "even",
    dimension,
    subdomains: Array.from(
      { length: count },
      (_, i) =>
        new Restriction([
          { start: Math.floor((dimension * i) / count), end: Math.floor((dimension * (i + 1)) / count) },
        ]),
    ),
  };
}

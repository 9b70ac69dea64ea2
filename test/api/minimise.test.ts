import * as fc from "fast-check";
import { Matrix, solve } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { minimise, type MinimiseRequest, type PlainFunction } from "../../src/index.js";
import { methods } from "../../src/methods/registry.js";
import { rosenbrock } from "../helpers/objectives.js";

/** An analytic function as a program gives it. */
const valley: PlainFunction = (x, gradient) => {
  const f = rosenbrock(x.length);
  if (gradient) f.gradient(x, gradient);
  return f.value(x);
};
const START = rosenbrock(6).start;

/** ½ xᵀAx − bᵀx in float64, with A = QΛQᵀ. */
interface Quadratic {
  readonly A: Matrix;
  readonly b: Matrix;
}

/** Q is made of two reflections. */
function withSpectrum(lambda: readonly number[], normals: readonly (readonly number[])[]): Quadratic {
  const n = lambda.length;
  let Q = Matrix.eye(n);
  for (const normal of normals) {
    const v = Matrix.columnVector([...normal]);
    Q = Matrix.sub(Q, v.mmul(v.transpose().mmul(Q)).mul(2 / v.dot(v)));
  }
  return {
    A: Q.mmul(Matrix.diag([...lambda])).mmul(Q.transpose()),
    b: Matrix.columnVector(lambda.map((value) => Math.sqrt(value))),
  };
}

function asFunction({ A, b }: Quadratic): PlainFunction {
  return (x, gradient) => {
    const column = Matrix.columnVector([...x]);
    const Ax = A.mmul(column);
    gradient?.set(Matrix.sub(Ax, b).to1DArray());
    return 0.5 * column.dot(Ax) - b.dot(column);
  };
}

/** How a method is to solve any smooth problem; the others need a rate that suits it. */
const SECOND_ORDER: readonly MinimiseRequest[] = [
  { method: "lbfgs" },
  { method: "tr", direction: "l-sr1", maxRadius: 10 },
  { method: "apts", direction: "l-sr1", maxRadius: 10, subdomains: 2 },
];
const nameOf = ({ method = "lbfgs" }: MinimiseRequest): string => method;

describe.each(SECOND_ORDER.map((options) => ({ name: nameOf(options), options })))("$name", ({ options }) => {
  it("finds Rosenbrock's minimum", async () => {
    const { x, f, gradientNorm } = await minimise(valley, START, options);
    expect(f).toBeLessThan(1e-9);
    expect(gradientNorm).toBeLessThan(1e-3);
    for (const value of x) expect(value).toBeCloseTo(1, 4);
  });

  it("solves what a dense solver solves, whatever the spectrum", async () => {
    const entry = fc.double({ min: -1, max: 1, noNaN: true });
    const problem = fc.integer({ min: 2, max: 8 }).chain((n) => {
      const vector = fc
        .array(entry, { minLength: n, maxLength: n })
        .filter((v) => v.some((e) => Math.abs(e) > 0.1));
      const spectrum = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: n, maxLength: n });
      return fc.record({ exponents: spectrum, normals: fc.tuple(vector, vector) });
    });
    await fc.assert(
      fc.asyncProperty(problem, async ({ exponents, normals }) => {
        const quadratic = withSpectrum(
          exponents.map((exponent) => 10 ** exponent),
          normals,
        );
        const exact = solve(quadratic.A, quadratic.b).to1DArray();
        const { x, f } = await minimise(
          asFunction(quadratic),
          exact.map(() => 0),
          options,
        );
        const scale = Math.max(1, ...exact.map(Math.abs));
        x.forEach((value, i) => {
          expect(Math.abs(value - exact[i]!)).toBeLessThan(2e-5 * scale);
        });
        const least = asFunction(quadratic)(Float32Array.from(exact), undefined, 0) as number;
        expect(f).toBeLessThan(least + 1e-8 * scale);
      }),
      { numRuns: 40 },
    );
  });
});

describe("every method", () => {
  it.each(methods.map(({ name, options }) => ({ name, options })))(
    "$name minimises, with nothing said",
    async ({ name, options }) => {
      const rate = "learningRate" in options ? { learningRate: name === "soaa" ? 0.5 : 1e-3 } : {};
      const report = await minimise(valley, START, { method: name as "apts", maxIterations: 300, ...rate });
      expect(report.f).toBeLessThan(0.9 * (valley(Float32Array.from(START), undefined, 0) as number));
      expect(report.f).toBe(valley(report.x, undefined, 0));
      const gradient = new Float32Array(START.length);
      void valley(report.x, gradient, 0);
      expect(report.gradientNorm).toBe(Math.max(...gradient.map(Math.abs)));
    },
  );

  it("may be a module of the program's own", async () => {
    const method = new URL("../../examples/polyak.mjs", import.meta.url);
    const { ended, x } = await minimise(
      asFunction(
        withSpectrum(
          [1, 2],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      ),
      [3, 4],
      { method, target: 0, maxIterations: 5 },
    );
    expect([ended, x.length]).toEqual(["iterations", 2]);
  });
});

describe("minimise", () => {
  it("takes async functions and typed arrays, and leaves x0 and what is written to x alone", async () => {
    const x0 = Float64Array.from(START);
    const spoiling: PlainFunction = async (x, gradient, part) => {
      const f = await valley(x, gradient, part);
      x.fill(7);
      return f;
    };
    expect(await minimise(spoiling, x0)).toEqual(await minimise(valley, START));
    expect([...x0]).toEqual(START);
  });

  it("counts what it evaluates, and tells every step", async () => {
    const calls = { values: 0, gradients: 0 };
    const counted: PlainFunction = (x, gradient, part) => {
      calls[gradient ? "gradients" : "values"]++;
      return valley(x, gradient, part);
    };
    const options = { method: "apts", localSteps: 3, subdomains: 2, maxIterations: 12 } as const;
    const iterations: number[] = [];
    const { evaluations } = await minimise(counted, START, {
      ...options,
      onIteration: ({ iteration, f, x }) => {
        iterations.push(iteration);
        expect(f).toBe(valley(x, undefined, 0));
      },
    });
    expect(evaluations).toEqual(calls);
    expect(iterations).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("reaches the tolerance where float32 can, whatever the size of f", async () => {
    for (const size of [1e-2, 1, 1e2, 1e6]) {
      const bowl: PlainFunction = (x, gradient) => {
        gradient?.set([2 * size * (x[0]! - 3), 20 * size * (x[1]! + 2)]);
        return size * ((x[0]! - 3) ** 2 + 10 * (x[1]! + 2) ** 2);
      };
      expect((await minimise(bowl, [0, 0])).ended).toBe("converged");
    }
  });

  it("makes no step from a minimum", async () => {
    const { iterations, ended } = await minimise(valley, [1, 1]);
    expect([iterations, ended]).toEqual([0, "converged"]);
  });

  it("says that it is stuck where float32 knows no better point", async () => {
    // The minimum lies between two numbers of float32, the gradient there is 1e4 · 1e-8 and more.
    const between: PlainFunction = (x, gradient) => {
      gradient?.set([1e4 * (x[0]! - 1.00000003)]);
      return 5e3 * (x[0]! - 1.00000003) ** 2;
    };
    const { ended, x } = await minimise(between, [0], { tolerance: 0 });
    expect([ended, x[0]]).toEqual(["stalled", 1]);
  });

  it("ends by the callback's word, or the signal's", async () => {
    const stopped = await minimise(valley, START, {
      onIteration: async ({ iteration }) => Promise.resolve(iteration < 3),
    });
    expect([stopped.iterations, stopped.ended]).toEqual([3, "stopped"]);
    const control = new AbortController();
    const aborted = await minimise(valley, START, {
      signal: control.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 2) control.abort();
      },
    });
    expect([aborted.iterations, aborted.ended]).toEqual([2, "stopped"]);
    const { x, iterations } = await minimise(valley, START, { signal: AbortSignal.abort() });
    expect([[...x], iterations]).toEqual([[...Float32Array.from(START)], 0]);
  });

  it("throws what f and the callback throw", async () => {
    const broken = new Error("broken");
    const fail = (): never => {
      throw broken;
    };
    await expect(minimise(fail, [1])).rejects.toBe(broken);
    await expect(minimise(valley, START, { onIteration: fail })).rejects.toBe(broken);
  });

  it("takes a trial outside of where f is defined as too long a step", async () => {
    // x − log x, not a number for negative x, with a gradient that is none either.
    const barrier: PlainFunction = (x, gradient) => {
      gradient?.set([x[0]! > 0 ? 1 - 1 / x[0]! : NaN]);
      return x[0]! - Math.log(x[0]!);
    };
    const options = { method: "tr", direction: "l-sr1", maxRadius: 100, radius: 100 } as const;
    const { x } = await minimise(barrier, [5], options);
    expect(x[0]).toBeCloseTo(1, 5);
  });

  it("says where f ceases to be finite", async () => {
    const square: PlainFunction = (x, gradient) => {
      gradient?.set([4 * x[0]! ** 3]);
      return x[0]! ** 4;
    };
    await expect(minimise(square, [10], { method: "sgd", learningRate: 1 })).rejects.toThrow(
      /^Expected f and its gradient to be finite after iteration \d, got .*shorter steps/,
    );
    await expect(minimise(() => NaN, [1])).rejects.toThrow(/finite at x0, got f = NaN/);
  });
});

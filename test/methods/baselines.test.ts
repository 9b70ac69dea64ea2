import { describe, expect, it } from "vitest";
import type { Vector } from "../../src/linalg/vector.js";
import { optimizerFixture as fixture, tinyNetwork } from "../helpers/methods/tiny-network.js";
import { createMethod, go, type Outcome } from "../helpers/methods/steps.js";
import { evenSplit, TestProblem } from "../helpers/objectives.js";

const network = tinyNetwork(fixture);
const decomposition = evenSplit(network.dimension, 1);
const STEPS = 50;

const plain = { learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 };
const adamLike = { learningRate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const lionLike = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.05 };
const soaaLike = { ...adamLike, gamma: 0.25 };

const baselines = {
  sgd: ["sgd", plain],
  "sgd-momentum": ["sgd", { ...plain, momentum: 0.9, weightDecay: 0.01 }],
  "sgd-nesterov": ["sgd", { ...plain, momentum: 0.9, nesterov: true }],
  adam: ["adam", adamLike],
  "adam-decay": ["adam", { ...adamLike, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.01 }],
  adamw: ["adamw", { ...adamLike, weightDecay: 0.05 }],
  adabelief: ["adabelief", { ...adamLike, epsilon: 1e-12, weightDecay: 0.05 }],
  diffgrad: ["diffgrad", { ...adamLike, weightDecay: 0.05 }],
  lion: ["lion", lionLike],
  lbfgs: ["lbfgs", { pairs: 5 }],
  soaa: ["soaa", { ...soaaLike, weightDecay: 0.05 }],
} as const;
type Baseline = keyof typeof baselines;

/** The steps of the fixture, as on mini-batches: none is left out for a small gradient. */
async function run(baseline: Baseline): Promise<Outcome & { readonly losses: readonly number[] }> {
  const [name, options] = baselines[baseline];
  const method = createMethod(name, options, { decomposition, plannedSteps: STEPS, fullBatch: false });
  const problem = new TestProblem(network, decomposition);
  const outcome = await go(method, method.start(Float32Array.from(network.start)), problem, STEPS);
  return { ...outcome, losses: outcome.reports.map(({ loss }) => loss) };
}

/** ‖a − b‖_∞ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe("against PyTorch, 50 steps of a small network", () => {
  it.each(["sgd", "sgd-momentum", "sgd-nesterov", "adam", "adam-decay", "adamw"] as const)(
    "%s",
    async (name) => {
      const { losses, path } = await run(name);
      const expected = fixture.runs[name]!;
      path.forEach((theta, k) => {
        expect(distance(theta, expected.path[k]!)).toBeLessThan(1e-6); // a few roundings of numbers around 1
        expect(losses[k]).toBeCloseTo(expected.losses[k]!, 6);
      });
    },
  );

  it("lbfgs, as far away as PyTorch's own float32 is, which L-BFGS amplifies", async () => {
    const { path } = await run("lbfgs");
    const exact = fixture.runs["lbfgs"]!;
    const single = fixture.runs["lbfgs-float32"]!;
    let amplified = 1e-7;
    path.forEach((theta, k) => {
      amplified = Math.max(amplified, distance(single.path[k]!, exact.path[k]!));
      expect(distance(theta, exact.path[k]!)).toBeLessThan(3 * amplified);
      if (k < 20) expect(distance(theta, exact.path[k]!)).toBeLessThan(5e-6);
      expect(Math.abs(network.value(theta) - (exact.losses[k + 1] ?? exact.losses.at(-1)!))).toBeLessThan(
        5e-6,
      );
    });
  });
});

/** The rules of the papers on arrays of float64, written down once more. */
describe("against the formulas in float64, 50 steps of a small network", () => {
  const average = (beta: number, old: readonly number[], x: readonly number[]): number[] =>
    old.map((value, i) => beta * value + (1 - beta) * x[i]!);
  const zeros = network.start.map(() => 0);

  /** `next` maps (t, θ, g, f) to the next θ; the iterates of all steps. */
  function reference(
    next: (t: number, theta: readonly number[], g: readonly number[], f: number) => number[],
  ): number[][] {
    const path: number[][] = [];
    let theta: readonly number[] = network.start;
    for (let t = 1; t <= STEPS; t++) {
      const exact = theta as unknown as Vector; // reads float64 where the network reads θ
      const g = new Array<number>(theta.length);
      network.gradient(exact, {
        set: (values: Float64Array) => g.splice(0, g.length, ...values),
      } as unknown as Vector);
      theta = next(t, theta, g, network.value(exact));
      path.push([...theta]);
    }
    return path;
  }

  async function expectClose(name: Baseline, path: readonly (readonly number[])[]): Promise<void> {
    const actual = await run(name);
    actual.path.forEach((theta, k) => {
      expect(distance(theta, path[k]!)).toBeLessThan(2e-6);
    });
  }

  it("adabelief", async () => {
    let [m, s] = [zeros, zeros];
    await expectClose(
      "adabelief",
      reference((t, theta, g) => {
        m = average(0.9, m, g);
        const squares = g.map((value, i) => (value - m[i]!) ** 2);
        s = average(0.999, s, squares).map((value) => value + 1e-12);
        const mHat = m.map((value) => value / (1 - 0.9 ** t));
        const sHat = s.map((value) => value / (1 - 0.999 ** t));
        return theta.map(
          (value, i) => value - 0.02 * 0.05 * value - (0.02 * mHat[i]!) / (Math.sqrt(sHat[i]!) + 1e-12),
        );
      }),
    );
  });

  it("diffgrad", async () => {
    let [m, v, last] = [zeros, zeros, zeros];
    await expectClose(
      "diffgrad",
      reference((t, theta, g) => {
        m = average(0.9, m, g);
        v = average(
          0.999,
          v,
          g.map((value) => value ** 2),
        );
        const friction = g.map((value, i) => 1 / (1 + Math.exp(-Math.abs(last[i]! - value))));
        last = [...g];
        const mHat = m.map((value) => value / (1 - 0.9 ** t));
        const vHat = v.map((value) => value / (1 - 0.999 ** t));
        return theta.map(
          (value, i) =>
            value - 0.02 * 0.05 * value - (0.02 * friction[i]! * mHat[i]!) / (Math.sqrt(vHat[i]!) + 1e-8),
        );
      }),
    );
  });

  it("lion", async () => {
    let m = zeros;
    await expectClose(
      "lion",
      reference((_, theta, g) => {
        const c = average(0.9, m, g);
        m = average(0.99, m, g);
        return theta.map((value, i) => value - 0.01 * (Math.sign(c[i]!) + 0.05 * value));
      }),
    );
  });

  it("soaa (docs/algorithms.md §10)", async () => {
    let [m, v] = [zeros, zeros];
    let d = 1;
    let [lastLoss, predicted] = [NaN, NaN];
    const factors: number[] = [];
    const path = reference((t, theta, g, f) => {
      if (t > 1) {
        const ratio = (lastLoss - f) / Math.max(predicted, 1e-8);
        const [low, high] = [0.75 ** ((t - 1) / STEPS), 1 + 0.25 ** ((t - 1) / STEPS)];
        d = Math.min(Math.max(d * ratio, low), high);
      }
      factors.push(d);
      m = average(0.9, m, g);
      v = average(
        0.999,
        v,
        g.map((value) => value ** 2),
      );
      const mHat = m.map((value) => value / (1 - 0.9 ** t));
      const vHat = v.map((value) => value / (1 - 0.999 ** t));
      const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);
      const scale = 1 + sum(mHat.map((value) => value ** 2)) / sum(vHat.map((value) => value + 1e-8));
      const fisher = vHat.map((value) => scale * value);
      const r = fisher.map((value, i) => Math.max(d * value, Math.sqrt(vHat[i]!)));
      const s = mHat.map((value, i) => (-0.02 * d * value) / (r[i]! + 1e-8));
      predicted = -sum(s.map((value, i) => mHat[i]! * value + 0.5 * fisher[i]! * value ** 2));
      lastLoss = f;
      return theta.map((value, i) => value - 0.02 * 0.05 * value + s[i]!);
    });
    expect(new Set(factors).size).toBeGreaterThan(20); // the factor does follow the ratio
    const actual = await run("soaa");
    actual.path.forEach((theta, k) => {
      expect(distance(theta, path[k]!)).toBeLessThan(2e-5); // the ratio divides small differences of losses
    });
  });
});

it.each(Object.keys(baselines) as Baseline[])("%s stays finite at a stationary point", async (baseline) => {
  const flat = {
    name: "flat",
    dimension: 1,
    start: [2],
    value: () => 3,
    gradient: (_: Vector, out: Vector) => out.fill(0),
  };
  const [name, options] = baselines[baseline];
  const context = { decomposition: evenSplit(1, 1), plannedSteps: STEPS, fullBatch: false };
  const method = createMethod(name, options, context);
  const problem = new TestProblem(flat, context.decomposition);
  const { state, reports } = await go(method, method.start(Float32Array.of(2)), problem, 5);
  for (const { loss } of reports) expect(loss).toBe(3);
  expect(Math.abs(state.theta[0]! - 2)).toBeLessThan(0.2); // weight decay may move it
});

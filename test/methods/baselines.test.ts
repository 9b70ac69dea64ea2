import { describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import type { Communicator } from "../../src/comm/communicator.js";
import type { Vector } from "../../src/linalg/vector.js";
import { adabelief } from "../../src/methods/first-order/adabelief.js";
import { adam, adamw } from "../../src/methods/first-order/adam.js";
import { diffgrad } from "../../src/methods/first-order/diffgrad.js";
import { lion } from "../../src/methods/first-order/lion.js";
import { gradientMethod, type UpdateRule } from "../../src/methods/first-order/rule.js";
import { sgd } from "../../src/methods/first-order/sgd.js";
import { lbfgs } from "../../src/methods/lbfgs.js";
import type { MethodContext, Optimizer } from "../../src/methods/problem.js";
import { soaa } from "../../src/methods/soaa.js";
import { evenSplit, TestProblem } from "../helpers/objectives.js";
import { optimizerFixture as fixture, tinyNetwork } from "../helpers/methods/tiny-network.js";

const network = tinyNetwork(fixture);
const decomposition = evenSplit(network.dimension, 1);
const STEPS = 50;

type Make = (context: MethodContext, theta0: Vector) => Optimizer;
const rule =
  (update: UpdateRule): Make =>
  (context, theta0) =>
    gradientMethod(context, update, theta0);

const plain = { learningRate: 0.1, momentum: 0, nesterov: false, weightDecay: 0 };
const adamLike = { learningRate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const lionLike = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.05 };
const soaaLike = { ...adamLike, gamma: 0.25 };

const methods: Readonly<Record<string, Make>> = {
  sgd: rule(sgd(plain)),
  "sgd-momentum": rule(sgd({ ...plain, momentum: 0.9, weightDecay: 0.01 })),
  "sgd-nesterov": rule(sgd({ ...plain, momentum: 0.9, nesterov: true })),
  adam: rule(adam(adamLike)),
  "adam-decay": rule(adam({ ...adamLike, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.01 })),
  adamw: rule(adamw({ ...adamLike, weightDecay: 0.05 })),
  adabelief: rule(adabelief({ ...adamLike, epsilon: 1e-12, weightDecay: 0.05 })),
  diffgrad: rule(diffgrad({ ...adamLike, weightDecay: 0.05 })),
  lion: rule(lion(lionLike)),
  lbfgs: (context, theta0) => lbfgs(context, { memory: 5 }, theta0),
  soaa: (context, theta0) => soaa(context, { ...soaaLike, weightDecay: 0.05 }, theta0),
};

interface Run {
  readonly optimizer: Optimizer;
  readonly losses: readonly number[];
  readonly path: readonly Vector[];
}

/** `steps` steps on every rank of an in-memory group; rank 0's account, after making sure that all are the same. */
async function run(make: Make, steps = STEPS, ranks = 1): Promise<Run> {
  const group = createLocalGroup(ranks);
  const onRank = async (comm: Communicator): Promise<Run> => {
    const optimizer = make(
      { comm, decomposition, plannedSteps: STEPS, fullBatch: false, tolerance: 0 },
      Float32Array.from(network.start),
    );
    return { optimizer, ...(await go(optimizer, steps)) };
  };
  const runs = await Promise.all(group.map(onRank));
  await Promise.all(group.map((comm) => comm.close()));
  for (const other of runs) expect(other.path).toEqual(runs[0]!.path);
  return runs[0]!;
}

async function go(optimizer: Optimizer, steps: number): Promise<{ losses: number[]; path: Vector[] }> {
  const problem = new TestProblem(network, decomposition);
  const losses: number[] = [];
  const path: Vector[] = [];
  for (let k = 0; k < steps; k++) {
    losses.push((await optimizer.step(problem)).loss);
    path.push(optimizer.theta);
  }
  return { losses, path };
}

/** ‖a − b‖_∞ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe("against PyTorch, 50 steps of a small network", () => {
  it.each(["sgd", "sgd-momentum", "sgd-nesterov", "adam", "adam-decay", "adamw"])("%s", async (name) => {
    const { losses, path } = await run(methods[name]!);
    const expected = fixture.runs[name]!;
    path.forEach((theta, k) => {
      expect(distance(theta, expected.path[k]!)).toBeLessThan(1e-6); // a few roundings of numbers around 1
      expect(losses[k]).toBeCloseTo(expected.losses[k]!, 6);
    });
  });

  it("lbfgs, as far away as PyTorch's own float32 is, which L-BFGS amplifies", async () => {
    const { path } = await run(methods["lbfgs"]!);
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

  async function expectClose(name: string, path: readonly (readonly number[])[]): Promise<void> {
    const actual = await run(methods[name]!);
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
    const actual = await run(methods["soaa"]!);
    actual.path.forEach((theta, k) => {
      expect(distance(theta, path[k]!)).toBeLessThan(2e-5); // the ratio divides small differences of losses
    });
  });
});

describe("every baseline", () => {
  it.each(Object.keys(methods))("%s lowers the loss", async (name) => {
    const { losses } = await run(methods[name]!);
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
  });

  it.each(Object.keys(methods))("%s has the same iterates on 1, 2, 3 and 4 ranks", async (name) => {
    const alone = await run(methods[name]!, 12);
    for (const ranks of [2, 3, 4]) expect((await run(methods[name]!, 12, ranks)).path).toEqual(alone.path);
  });

  it.each(Object.keys(methods))("%s goes on from a saved state as if it had not stopped", async (name) => {
    const whole = await run(methods[name]!, 20);
    const { optimizer } = await run(methods[name]!, 9);
    const saved = structuredClone(optimizer.save());
    const { theta } = optimizer;
    await go(optimizer, 3); // what is saved must not change with what comes after
    const [comm] = createLocalGroup(1);
    const restored = methods[name]!(
      { comm: comm!, decomposition, plannedSteps: STEPS, fullBatch: false, tolerance: 0 },
      Float32Array.from(network.start),
    );
    restored.restore(theta, saved);
    expect((await go(restored, 11)).path).toEqual(whole.path.slice(9));
    restored.restore(theta, optimizer.save());
  });

  it.each(Object.keys(methods))("%s never writes to an iterate it has handed out", async (name) => {
    const { path } = await run(methods[name]!, 5);
    const [comm] = createLocalGroup(1);
    const theta0 = Float32Array.from(network.start);
    const optimizer = methods[name]!(
      { comm: comm!, decomposition, plannedSteps: STEPS, fullBatch: false, tolerance: 0 },
      theta0,
    );
    await go(optimizer, 5);
    expect(theta0).toEqual(Float32Array.from(network.start));
    expect(new Set(path).size).toBe(5);
    expect(optimizer.theta).toEqual(path[4]);
  });

  it.each(Object.keys(methods))("%s stays finite at a stationary point", async (name) => {
    const flat = {
      name: "flat",
      dimension: 1,
      start: [2],
      value: () => 3,
      gradient: (_: Vector, out: Vector) => out.fill(0),
    };
    const [comm] = createLocalGroup(1);
    const optimizer = methods[name]!(
      { comm: comm!, decomposition: evenSplit(1, 1), plannedSteps: STEPS, fullBatch: false, tolerance: 0 },
      Float32Array.of(2),
    );
    const problem = new TestProblem(flat, evenSplit(1, 1));
    for (let k = 0; k < 5; k++) expect((await optimizer.step(problem)).loss).toBe(3);
    expect(Math.abs(optimizer.theta[0]! - 2)).toBeLessThan(0.2); // weight decay may move it
  });
});

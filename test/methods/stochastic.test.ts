import { describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/resolve.js";
import { UsageError } from "../../src/errors.js";
import type { Vector } from "../../src/linalg/vector.js";
import { begun, judged, type Judgement } from "../../src/methods/judgement.js";
import { methodNamed } from "../../src/methods/registry.js";
import type { StochasticState } from "../../src/methods/stochastic.js";
import { Random } from "../../src/random.js";
import { expectClose } from "../helpers/compute/compare.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { evenSplit, TestProblem, type TestFunction } from "../helpers/objectives.js";

const N = 6;

/** 1/20 + ½ Σ λ_i (x_i − c_i)², c the mini-batch's own: noise of the gradient that longer steps cannot beat. */
function noisy(batch: number): TestFunction {
  const random = new Random(batch);
  const centre = Array.from({ length: N }, (_, i) => i / N + random.uniform(-0.2, 0.2));
  const lambda = Array.from({ length: N }, (_, i) => 10 ** (i / 2 - 1));
  return {
    name: `batch ${batch}`,
    dimension: N,
    start: new Array<number>(N).fill(-1),
    value: (x) => lambda.reduce((sum, l, i) => sum + 0.5 * l * (x[i]! - centre[i]!) ** 2, 0.05),
    gradient(x, out) {
      lambda.forEach((l, i) => (out[i] = l * (x[i]! - centre[i]!)));
    },
  };
}

const decomposition = evenSplit(N, 3);
const batches = Array.from({ length: 7 }, (_, k) => new TestProblem(noisy(k), decomposition));
const on = (k: number) => batches[k % batches.length]!;
const start = () => Float32Array.from(noisy(0).start);

function method(options = {}) {
  return createMethod("sapts", options, { decomposition, fullBatch: false });
}

/** docs/algorithms.md §4, "On mini-batches", in float64, as it stands there. */
function reference(steps: number, from: number, delta: number, beta: number, longest: number) {
  let x = new Array<number>(N).fill(from);
  let average = x.slice();
  const [m, v] = [new Array<number>(N).fill(0), new Array<number>(N).fill(0)];
  let [last, fell, predicted, strayed, level, gained, risen, judgements] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [first, earlier] = [0, { t: 0, average }];
  const recent: number[] = [];
  let astray = { t: 0, delta: Infinity };
  const path = [];
  let undone = 0;
  for (let t = 1; t <= steps; t++) {
    const f = on(t - 1).f;
    const value = (at: readonly number[]) => f.value(at as unknown as Vector);
    const g = new Array<number>(N);
    f.gradient(x as unknown as Vector, g as unknown as Vector);
    const s = g.map((gi, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * gi;
      const beta2 = Math.min(0.999, 1 - t ** -0.9);
      v[i] = beta2 * v[i]! + (1 - beta2) * gi * gi;
      const step = (delta * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i]) + 1e-8);
      return m[i] * gi < 0 ? 0 : -Math.sign(step) * Math.min(Math.abs(step), delta);
    });
    const to = x.map((xi, i) => xi + s[i]!);
    const next = average.map((a, i) => a + (9 / (t + 8)) * (to[i]! - a));
    const accepted = average;
    const here = x;
    [x, average] = [to, next];
    if (t - last >= Math.min(10, t / 10)) {
      last = t;
      const before = recent.slice(-5);
      recent.push(value(here));
      if (t === 1) first = value(here);
      const isAbove = before.length === 5 && value(here) > Math.max(...before);
      const lost = value(here) - value(accepted) > Math.max(0, first - value(accepted)) / 2;
      if (value(to) > Math.max(...recent.slice(-5)) || (isAbove && lost)) {
        undone++;
        [x, average, delta] = [accepted, accepted, Math.max(1e-4, delta / beta)];
        astray = { t, delta };
        [fell, predicted, strayed, level, gained, risen, judgements] = [0, 0, 0, 0, 0, 0, 0];
        earlier = { t, average };
      } else {
        fell += value(here) - value(to);
        predicted -= g.reduce((sum, gi, i) => sum + gi * s[i]!, 0);
        strayed += value(here) - value(accepted);
        level += value(accepted);
        gained += first - value(accepted);
        risen += value(accepted) - value(earlier.average);
        if (t >= 1.1 * earlier.t) earlier = { t, average: next };
        judgements++;
      }
      if (judgements === 2) {
        const scale = Math.min(level, Math.max(gained / 2, level / 50));
        const [rho, q] = [predicted > 0 ? fell / predicted : -1, strayed / scale];
        const above = Math.max(0, strayed);
        const mayBeNoise = level > gained / 2 && gained > level / 4 && delta > longest / 10;
        const rises = risen > (mayBeNoise ? -0.2 * above : 0.2 * above + 0.01 * scale);
        const [least, much] = q < -0.05 ? [0, 0.25] : [0.6, 0.75];
        if (rho < least || q > 0.3 || rises) delta = Math.max(1e-4, delta / beta);
        else if (rho > much && q < 0.15)
          delta = Math.min(longest, t < 2 * astray.t ? astray.delta : Infinity, delta * beta);
        [fell, predicted, strayed, level, gained, risen, judgements] = [0, 0, 0, 0, 0, 0, 0];
      }
    }
    path.push({ x, average, delta });
  }
  return { path, undone };
}

describe("APTS on mini-batches", () => {
  it.each([
    ["from far away", -1, 0.005, 0.05],
    ["and goes back where a step was much too long", 0.4, 1, 1],
  ])("steps as docs/algorithms.md says, %s", async (_, from, radius, maxRadius) => {
    const { path: expected, undone } = reference(300, from, radius, 1.5, maxRadius);
    expect(undone > 0).toBe(radius === 1);
    const sapts = method({ radius, maxRadius });
    let state = sapts.start(new Float32Array(N).fill(from)) as StochasticState;
    for (const [k, { x, average, delta }] of expected.entries()) {
      const after = await sapts.step(state, on(k));
      state = after.state as StochasticState;
      expectClose(state.theta, x, 2e-5);
      expectClose(sapts.evaluationPoint!(state), average, 2e-5);
      expect(after.report.radius).toBeCloseTo(delta, 6);
    }
  });

  it("makes new points in the place of those that are gone, and of no others", async () => {
    const sapts = method();
    const from = start();
    const own = from.slice();
    let state = sapts.start(from) as StochasticState;
    const vectors = new Set<Vector>();
    for (let k = 0; k < 200; k++) {
      const { theta, average, earlier } = state;
      const kept = [theta, average, earlier.average].map((vector) => [vector, vector.slice()] as const);
      state = (await sapts.step(state, on(k))).state as StochasticState;
      for (const [vector, was] of kept) expect(vector).toEqual(was);
      for (const vector of [state.theta, state.average, state.earlier.average]) vectors.add(vector);
    }
    expect(from).toEqual(own);
    expect(vectors.size).toBeLessThanOrEqual(6);
  });

  it("comes nearer to the minimum of all mini-batches than its walk", async () => {
    const centre = Array.from({ length: N }, (_, i) =>
      batches.reduce((sum, { f }) => sum + centreOf(f)[i]! / batches.length, 0),
    );
    const far = (x: Vector) => Math.hypot(...centre.map((c, i) => x[i]! - c));
    const sapts = method();
    const { state } = await go(sapts, sapts.start(start()), on, 3000);
    expect(far(sapts.evaluationPoint!(state))).toBeLessThan(0.02);
  });

  it("costs three losses every tenth step", async () => {
    const counted = new TestProblem(noisy(1), decomposition);
    const sapts = method();
    await go(sapts, sapts.start(start()), counted, 1000);
    expect(counted.objective.gradients).toBe(1000);
    expect(counted.objective.values).toBeLessThan(450);
  });

  it("goes back to its average where a loss is no number, and learns nothing of it", async () => {
    const sapts = method();
    const { state } = await go(sapts, sapts.start(start()), on, 50);
    const { m, v, average, radius, t } = structuredClone(state) as StochasticState;
    const beyond: TestFunction = {
      ...noisy(3),
      gradient: (_, out) => out.fill(NaN),
    };
    const after = await sapts.step(state, new TestProblem(beyond, decomposition));
    expect(after.report.accepted).toBe(false);
    expect(after.state).toMatchObject({ theta: average, m, v, average, t, radius: radius / 2 });
  });

  it("takes an option of Algorithm 1 for the wish to have that on every mini-batch", () => {
    const walk = method().start(start());
    expect(walk).toHaveProperty("average");
    for (const options of [{ localSteps: 2 }, { judgeEvery: 0 }, { fdl: false }])
      expect(method(options).start(start())).not.toHaveProperty("average");
    const values = resolveOptions(methodNamed("sapts").options, [
      { source: { kind: "program" }, values: { judgeEvery: 5, localSteps: 2 } },
    ]);
    expect(() => {
      methodNamed("sapts").check!(values);
    }).toThrow(UsageError);
    expect(() => {
      methodNamed("sapts").check!(values);
    }).toThrow("Expected --judge-every 0 beside --local-steps");
  });
});

/** The minimum of a mini-batch. */
function centreOf(f: TestFunction): number[] {
  const g = new Float32Array(N);
  f.gradient(new Float32Array(N), g);
  return [...g].map((value, i) => -value / 10 ** (i / 2 - 1));
}

describe("a judgement", () => {
  const rule = { grow: 2, min: 1e-3, max: 0.5 };
  const good: Judgement = { t: 2, f: 1, trial: 0.9, predicted: 0.11, accepted: 1, earlier: 1 };
  /** At first the loss was 5. */
  const afterOne = { ...begun, last: 1, first: 5 };

  /** Δ after two judgements of 0.1, the second with these changes. */
  function radiusAfter(changes: Partial<Judgement>, before = good, known = afterOne, max = rule.max): number {
    const { judgements } = judged(known, before, 0.1, { ...rule, max });
    return judged(judgements, { ...before, t: 3, ...changes }, 0.1, { ...rule, max }).radius;
  }

  it.each([
    ["grows after good ones", {}, 0.2],
    ["shrinks where the model promised too much", { predicted: 0.5 }, 0.05],
    ["shrinks where the model promised a rise", { predicted: -1 }, 0.05],
    ["shrinks where the walk is far above its average", { accepted: 0.3, earlier: 0.3 }, 0.05],
    ["stays where the walk is somewhat above its average", { accepted: 0.65, earlier: 0.65 }, 0.1],
    ["shrinks where its average rises", { earlier: 0.9 }, 0.05],
    ["does not where that is noise beside what is left", { earlier: 0.985 }, 0.2],
    ["does not where that is noise beside the walk", { f: 1.2, trial: 1.1, earlier: 0.97 }, 0.2],
    ["stays where the model is fair", { predicted: 0.19 }, 0.1],
    ["shrinks where a step raised the loss beyond the window", { trial: 1.01 }, 0.05],
    ["shrinks where a step led to no number", { trial: NaN }, 0.05],
  ])("%s", (_, changes, expected) => {
    expect(radiusAfter(changes)).toBeCloseTo(expected, 12);
  });

  it("asks less of the model while the walk leaves its average behind", () => {
    const ahead = { ...good, accepted: 1.1, earlier: 1.1 };
    const much = { predicted: 0.5 }; // of two steps that fell by 0.1 each, 0.61
    expect(radiusAfter(much)).toBe(0.05);
    expect(radiusAfter(much, ahead)).toBe(0.2);
    expect(radiusAfter({ predicted: 0.9 }, ahead)).toBe(0.1);
    expect(radiusAfter({ f: 0.8, trial: 0.95 }, ahead)).toBe(0.05);
  });

  describe("undoes a walk", () => {
    const window = [1.1, 1, 1.2, 1, 1.1];
    const known = { ...begun, last: 9, first: 5, window };
    /** Half of what was gained is lost: x̄ has 1 of 5. */
    const lost: Judgement = { ...good, t: 10, f: 3.1, trial: 3 };

    it.each([
      ["that is above the window, and has lost half of what was gained", {}, known, true],
      ["but not one that has lost less", { f: 2.9, trial: 2.8 }, known, false],
      ["but not one on a mini-batch where all losses are larger", { accepted: 2, earlier: 2 }, known, false],
      ["but not one that is within the window", {}, { ...known, window: [...window, 3.2].slice(1) }, false],
      ["but none while the window is not full", {}, { ...known, window: window.slice(1) }, false],
    ])("%s", (_, changes, before, undo) => {
      expect(judged(before, { ...lost, ...changes }, 0.1, rule).undo).toBe(undo);
    });

    it("and tries no longer steps before there are twice as many", () => {
      const { judgements, radius } = judged(known, lost, 0.1, rule);
      expect(radius).toBe(0.05);
      const at = (t: number) => {
        const first = judged(judgements, { ...good, t: t - 1 }, radius, rule);
        return judged(first.judgements, { ...good, t }, radius, rule).radius;
      };
      expect(at(19)).toBe(0.05);
      expect(at(20)).toBe(0.1);
    });
  });

  it("keeps the radius in its bounds", () => {
    expect(judged(begun, { ...good, trial: 2 }, 1e-3, rule)).toMatchObject({ radius: 1e-3, undo: true });
  });

  it("measures how far the walk strays by what was gained, where that is less than what is left", () => {
    const little = { ...begun, last: 1, first: 1.2 };
    expect(radiusAfter({}, good, little)).toBe(0.2);
    const above = { ...good, f: 1.05, trial: 0.95 };
    expect(radiusAfter({}, above)).toBe(0.2);
    expect(radiusAfter({}, above, little)).toBe(0.05);
  });

  it("has the average fall where what is left may be noise that never goes", () => {
    const above = { ...good, f: 1.05, trial: 0.95 };
    const halfway = { ...begun, last: 1, first: 2.5 };
    expect(radiusAfter({}, above, { ...begun, last: 1, first: 3.5 })).toBe(0.2);
    expect(radiusAfter({}, above, halfway)).toBe(0.05);
    expect(radiusAfter({ earlier: 1.04 }, above, halfway)).toBe(0.2);
    expect(radiusAfter({}, above, halfway, 1)).toBe(0.2); // no more than a tenth of the longest
  });

  it("does not where hardly anything was gained yet", () => {
    const above = { ...good, f: 1.005, trial: 0.905 };
    expect(radiusAfter({}, above, { ...begun, last: 1, first: 1.3 })).toBe(0.05);
    expect(radiusAfter({}, above, { ...begun, last: 1, first: 1.2 })).toBe(0.2);
  });

  it("measures negative losses by how far they have fallen", () => {
    const negative = { ...good, f: -10, trial: -10.1, accepted: -10, earlier: -10 };
    const fresh = { ...begun, last: 1, first: -10 };
    expect(radiusAfter({ f: -20, trial: -20.1, accepted: -20.5, earlier: -20 }, negative, fresh)).toBe(0.2);
    expect(radiusAfter({ f: -20, trial: -20.1, accepted: -26, earlier: -20 }, negative, fresh)).toBe(0.05);
  });
});

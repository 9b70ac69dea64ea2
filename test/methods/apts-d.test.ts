import { beforeAll, describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/resolve.js";
import { UsageError } from "../../src/errors.js";
import type { Vector } from "../../src/linalg/vector.js";
import { judgeSum } from "../../src/methods/summed-step.js";
import type { Problem } from "../../src/methods/problem.js";
import { methodNamed } from "../../src/methods/registry.js";
import { consistent } from "../../src/methods/shards.js";
import { globalRule } from "../../src/trust-region/radius.js";
import { expectClose } from "../helpers/compute/compare.js";
import { onGroup } from "../helpers/comm/groups.js";
import { tinyNetworkBed, type TestBed } from "../helpers/methods/problems.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { evenSplit, quadratic, rosenbrock, TestProblem, type TestFunction } from "../helpers/objectives.js";
import { expectSameBits } from "../helpers/same-bits.js";

const RANKS = [1, 2, 4];

let network: TestBed;
beforeAll(async () => {
  network = await tinyNetworkBed(Math.max(...RANKS));
});

const norm = (x: ArrayLike<number>) => Math.hypot(...Array.from(x));
const distance = (a: Vector, b: Vector) => norm(a.map((value, i) => value - b[i]!));

describe("the local objective of a shard", () => {
  it("has the gradient of f where it begins, which its own samples do not have, and the slope of its values", async () => {
    await onGroup("memory", 1, async (comm) => {
      const { objective, shards } = network.on(comm, 1).of(0);
      const x = network.start;
      const g = new Float32Array(x.length);
      const f = await objective.gradient(x, g);
      let sum = 0;
      for (let d = 0; d < shards!.count; d++) {
        const own = new Float32Array(x.length);
        const fOwn = await shards!.local(d).gradient(x, own);
        sum += shards!.weight(d) * fOwn;
        expect(distance(own, g)).toBeGreaterThan(0.1 * norm(g));

        const local = consistent(shards!.local(d), own, { x, g });
        const slope = new Float32Array(x.length);
        expect(await local.gradient(x, slope)).toBeCloseTo(fOwn, 6);
        expect(distance(slope, g)).toBeLessThan(1e-5 * norm(g));

        // Elsewhere: of the values, by central differences along the local gradient there.
        const there = x.map((value, i) => value + 0.05 * Math.sin(3 * i));
        const at = new Float32Array(x.length);
        const fThere = await local.gradient(there, at);
        expect(await local.value(there)).toBeCloseTo(fThere, 6);
        const beside = (t: number) => local.value(there.map((value, i) => value + (t * at[i]!) / norm(at)));
        const h = 1e-2;
        expect(((await beside(h)) - (await beside(-h))) / (2 * h) / norm(at)).toBeCloseTo(1, 2);
      }
      expect(sum).toBeCloseTo(f, 6);
    });
  });
});

interface Reference {
  readonly nu: number;
  readonly shards: number;
  readonly globalSteps: number;
}

/** docs/algorithms.md §7 with order 1, in float64 and plain loops, where every f̃_d is f but for a constant. */
function reference(f: TestFunction, steps: number, { nu, shards, globalSteps }: Reference) {
  const value = (x: readonly number[]) => f.value(x as unknown as Vector);
  const step = (x: readonly number[], length: number) => {
    const g = new Array<number>(x.length).fill(0);
    f.gradient(x as unknown as Vector, g as unknown as Vector);
    return { to: x.map((xi, i) => xi - (length * g[i]!) / norm(g)), predicted: length * norm(g) };
  };
  /** A step of docs/algorithms.md §1. */
  const trustRegion = (x: readonly number[], radius: number, shrink: number, grow: number, most: number) => {
    for (let trial = 0; trial < 10; trial++) {
      const { to, predicted } = step(x, radius);
      const actual = value(x) - value(to);
      const tried = radius;
      const rho = actual / predicted;
      if (rho < 0.25) radius *= shrink;
      if (rho > 0.75) radius = Math.min(grow * tried, most);
      if (actual > 0) return { to, radius };
    }
    return { to: [...x], radius };
  };
  let x: readonly number[] = f.start;
  let radius = 0.1;
  const path = [];
  for (let k = 0; k < steps; k++) {
    const ball = radius / shards;
    let y = x;
    let local = ball;
    for (let j = 0; j < nu; j++) {
      const room = ball - norm(y.map((yi, i) => yi - x[i]!));
      if (room <= 1e-3 * ball) break;
      const after = trustRegion(y, Math.min(local, room), 0.5, 2, room);
      y = after.to;
      local = after.radius;
    }
    const predicted = shards * (value(x) - value(y));
    const trial = x.map((xi, i) => xi + shards * (y[i]! - xi));
    const rho = (value(x) - value(trial)) / predicted;
    if (rho >= 0.25) x = trial;
    else radius = Math.max(0.9 * radius, 0.01);
    if (rho > 0.75) radius = Math.min(1.2 * radius, 1);
    for (let j = 0; j < globalSteps; j++) {
      const after = trustRegion(x, radius, 0.9, 1.2, 1);
      x = after.to;
      radius = Math.max(0.01, after.radius);
    }
    path.push({ x, radius });
  }
  return path;
}

describe("APTS-D", () => {
  const whole = { localBatch: 0, direction: "gradient" };

  it.each([
    { f: quadratic(6, 4), nu: 1, globalSteps: 0 },
    { f: quadratic(6, 4), nu: 3, globalSteps: 1 },
    { f: rosenbrock(4), nu: 3, globalSteps: 0 },
    { f: rosenbrock(4), nu: 2, globalSteps: 2 },
  ])(
    "steps as docs/algorithms.md says, on $f.name with ν = $nu and $globalSteps global steps",
    async ({ f, nu, globalSteps }) => {
      const decomposition = evenSplit(f.dimension, 4);
      const method = createMethod("apts-d", { ...whole, localSteps: nu, globalSteps }, { decomposition });
      const problem = new TestProblem(f, decomposition);
      const { path, reports } = await go(method, method.start(Float32Array.from(f.start)), problem, 12);
      const expected = reference(f, 12, { nu, shards: 4, globalSteps });
      for (const [k, { x, radius }] of expected.entries()) {
        expectClose(path[k]!, x, 5e-5);
        expect(reports[k]!.radius).toBeCloseTo(radius, 6);
      }
    },
  );

  it("keeps the sum of the local steps in the 2-norm ball, by every direction", async () => {
    for (const direction of ["gradient", "adam", "l-sr1"]) {
      const f = rosenbrock(6);
      const decomposition = evenSplit(6, 3);
      const options = { localBatch: 0, direction, globalSteps: 0 };
      const method = createMethod("apts-d", options, { decomposition });
      let state = method.start(Float32Array.from(f.start));
      let radius = 0.1;
      let moved = 0;
      for (let k = 0; k < 20; k++) {
        const from = state.theta;
        const after = await method.step(state, new TestProblem(f, decomposition));
        ({ state } = after);
        expect(distance(state.theta, from)).toBeLessThanOrEqual(radius * (1 + 1e-5));
        moved = Math.max(moved, distance(state.theta, from) / radius);
        radius = after.report.radius!;
      }
      expect(moved).toBeGreaterThan(0.9);
    }
  });

  it.each([
    ["accepts, and grows where the ratio is good", 0.09, { accepted: true, radius: 0.6 }],
    ["accepts, and stays where it is fair", 0.05, { accepted: true, radius: 0.5 }],
    ["rejects where it is poor, though the loss fell", 0.02, { accepted: false, radius: 0.45 }],
    ["rejects what is not finite", NaN, { accepted: false, radius: 0.45 }],
  ])("%s", (_, actual, expected) => {
    const rule = { ...globalRule, shrink: 0.9, grow: 1.2, min: 0.01, max: 1 };
    const { accepted, radius } = judgeSum(rule, 0.5, actual, 0.1);
    expect(accepted).toBe(expected.accepted);
    expect(radius).toBeCloseTo(expected.radius, 12);
    expect(judgeSum(rule, 0.5, 1, 0).accepted).toBe(false);
  });

  it.each([
    ["walks", {}],
    ["whole shards", { localBatch: 0 }],
    ["the published preset", methodNamed("apts-d").presets!["published"]!],
  ])(
    "gives the same bits on 1, 2 and 4 ranks, on the full batch and on mini-batches: %s",
    async (_, options) => {
      for (const batches of [1, 2]) {
        const { decomposition, start } = network;
        const of = (ranks: number) =>
          onGroup("memory", ranks, async (comm) => {
            const context = { comm, decomposition, fullBatch: batches === 1, stepsPerEpoch: batches };
            const method = createMethod("apts-d", options, context);
            const all = network.on(comm, batches);
            const { path, reports } = await go(
              method,
              method.start(start.slice()),
              (k) => all.of(k % batches),
              12,
            );
            return { path, reports };
          });
        const [alone] = await of(1);
        expect(distance(alone!.path.at(-1)!, start)).toBeGreaterThan(0.05);
        for (const ranks of RANKS) for (const other of await of(ranks)) expectSameBits(other, alone);
      }
    },
  );

  it.each([
    {
      what: "walks one sum of 2n + 4 an iteration",
      walks: true,
      options: {},
      vectors: (n: number) => [2 * n + 4],
    },
    {
      what: "whole shards the local steps, and f with its gradient, which is the next one's",
      walks: false,
      options: { localBatch: 0, globalSteps: 0 },
      vectors: (n: number) => [n, n],
    },
  ])("exchanges no more than it needs: $what", async ({ walks, options, vectors }) => {
    const { decomposition, start } = network;
    const STEPS = 5;
    const sent = await onGroup("memory", 2, async (comm) => {
      const method = createMethod("apts-d", options, { comm, decomposition, fullBatch: !walks });
      const before = comm.traffic.bytesSent;
      await go(method, method.start(start.slice()), network.on(comm, 1).of(0), STEPS);
      return comm.traffic.bytesSent - before;
    });
    const n = start.length;
    const first = walks ? 0 : 1; // the gradient at the start
    const entries = STEPS * vectors(n).reduce((a, b) => a + b, 0) + first * n;
    const sums = STEPS * vectors(n).length + first;
    // Of two ranks one sends its part, the other what it has made of both; a scalar in float64 with each.
    expect(sent).toEqual([4 * entries + 8 * sums, 4 * entries + 8 * sums]);
  });

  it("takes an option of whole shards for the wish not to walk, and refuses both", () => {
    const at = new Float32Array(8);
    const context = { decomposition: evenSplit(8, 2) };
    expect(createMethod("apts-d", {}, context).start(at)).toHaveProperty("average");
    for (const options of [{ localBatch: 0 }, { localSteps: 2 }, { globalSteps: 3 }, { direction: "l-sr1" }])
      expect(createMethod("apts-d", options, context).start(at)).not.toHaveProperty("average");
    const description = methodNamed("apts-d");
    const values = (given: object) =>
      resolveOptions(description.options, [{ source: { kind: "program" }, values: { ...given } }]);
    const refused = (given: object) => () => {
      description.check!(values(given));
    };
    expect(refused({ localBatch: 32, globalSteps: 0 })).toThrow(UsageError);
    expect(refused({ localBatch: 32, globalSteps: 0 })).toThrow(
      "Expected --local-batch 0 beside --global-steps",
    );
    expect(refused({ minRadius: 0.2 })).toThrow("Expected --min-radius to be at most --max-radius (0.1)");
    expect(refused({ minRadius: 0.2, localBatch: 0 })).not.toThrow();
  });
});

describe("walks of shards", () => {
  const N = 5;
  const SHARDS = 3;
  const WEIGHTS = [0.5, 0.3, 0.2];

  /** ½ Σ λ_i (x_i − c_i)² + 1/20, c the mini-batch's own. */
  function bowl(batch: number, shard: number, h: number) {
    const centre = Array.from(
      { length: N },
      (_, i) => i / N + 0.3 * Math.sin(17 * batch + 5 * shard + 3 * h + i),
    );
    const lambda = Array.from({ length: N }, (_, i) => 10 ** (i / 2 - 1));
    return {
      value: (x: ArrayLike<number>) =>
        lambda.reduce((sum, l, i) => sum + 0.5 * l * (x[i]! - centre[i]!) ** 2, 0.05),
      slope: (x: ArrayLike<number>) => lambda.map((l, i) => l * (x[i]! - centre[i]!)),
    };
  }

  /** Batch k of three shards of four mini-batches; `spoilt` makes one of them no number. */
  function batch(k: number, spoilt = false): Problem {
    const decomposition = evenSplit(N, SHARDS);
    const problem = new TestProblem(quadratic(N, 1), decomposition);
    const miniBatches = (d: number) =>
      Array.from({ length: 4 }, (_, h) => {
        const { value, slope } = bowl(k, d, h);
        return {
          value: (x: Vector) => Promise.resolve(value(x)),
          gradient: (x: Vector, out: Vector) => {
            out.set(spoilt && d === 1 && h === 2 ? [NaN] : slope(x));
            return Promise.resolve(value(x));
          },
        };
      });
    const shards = { ...problem.shards, count: SHARDS, weight: (d: number) => WEIGHTS[d]!, miniBatches };
    return {
      key: `batch ${k}`,
      objective: problem.objective,
      space: problem.space,
      local: () => problem.objective,
      shards,
    };
  }

  /** docs/algorithms.md §7, "Walks", in float64. */
  function reference(steps: number, from: number, delta: number) {
    let [x, average, before] = [0, 1, 2].map(() => new Array<number>(N).fill(from));
    let [m, v] = [0, 1].map(() => new Array<number>(N).fill(0));
    const losses: number[] = [];
    let first: number | undefined;
    const recent: number[] = [];
    let [t, undone] = [0, 0];
    const path = [];
    for (let k = 0; k < steps; k++) {
      const sum = (): number[] => new Array<number>(N).fill(0);
      const [ends, vs] = [sum(), sum()];
      let [loss, f, trial, predicted, accepted] = [0, 0, 0, 0, 0];
      WEIGHTS.forEach((w, d) => {
        let y = x!;
        let a = average!;
        const [mine, squares] = [m!.slice(), v!.slice()];
        for (let h = 0; h < 4; h++) {
          const { value, slope } = bowl(k, d, h);
          const tau = t + h + 1;
          const g = slope(y);
          const to = y.map((yi, i) => {
            mine[i] = 0.9 * mine[i]! + 0.1 * g[i]!;
            const beta2 = Math.min(0.999, 1 - tau ** -0.9);
            squares[i] = beta2 * squares[i]! + (1 - beta2) * g[i]! ** 2;
            const step = (delta * (mine[i] / (1 - 0.9 ** tau))) / (Math.sqrt(squares[i]) + 1e-8);
            return yi - Math.sign(step) * Math.min(Math.abs(step), delta);
          });
          loss += (w * value(y)) / 4;
          if (h === 3) {
            f += w * value(y);
            trial += w * value(to);
            accepted += w * value(a);
            predicted -= w * g.reduce((total, gi, i) => total + gi * (to[i]! - y[i]!), 0);
          }
          a = a.map((ai, i) => ai + (9 / (tau + 8)) * (to[i]! - ai));
          y = to;
        }
        y.forEach((yi, i) => {
          ends[i]! += w * yi;
          vs[i]! += w * squares[i]!;
        });
      });
      recent.push(f);
      const astray = losses.length >= 3 && loss > 2 * Math.max(...losses) - Math.min(...losses);
      if (astray || trial > Math.max(...recent.slice(-5))) {
        undone++;
        recent.pop();
        [x, average] = [before, before];
        delta = Math.max(1e-4, delta / 1.5);
      } else {
        const moved = delta;
        losses.push(loss);
        if (losses.length > 5) losses.shift();
        const rho = predicted > 0 ? (f - trial) / predicted : -1;
        first ??= f;
        const q = (f - accepted) / Math.min(accepted, Math.max((first - accepted) / 2, accepted / 50));
        const [least, much] = q < -0.05 ? [0, 0.25] : [0.6, 0.75];
        if (rho < least || q > 0.3) delta = Math.max(1e-4, delta / 1.5);
        else if (rho > much && q < 0.15) delta = Math.min(0.1, delta * 1.5);
        t += 4;
        const share = Math.min(1, 36 / (t + 8));
        before = average;
        average = average!.map((ai, i) => ai + share * (ends[i]! - ai));
        const [was, length] = [x!, 4 * moved];
        m = ends.map((end, i) => {
          const root = Math.sqrt(vs[i]!) + 1e-8;
          return ((was[i]! - end) / length) * root * (1 - 0.9 ** t);
        });
        [x, v] = [ends, vs];
      }
      path.push({ x: x!, average: average!, delta });
    }
    return { path, undone };
  }

  const method = (options = {}) =>
    createMethod("apts-d", options, { decomposition: evenSplit(N, SHARDS), fullBatch: false });

  it.each([
    ["from far away", -1, {}, 2e-3],
    ["with steps that are too long", 0.5, { radius: 0.1 }, 0.1],
  ])("are as docs/algorithms.md says, %s", async (_, from, options, delta) => {
    const { path: expected } = reference(60, from, delta);
    const walk = method(options);
    let state = walk.start(new Float32Array(N).fill(from));
    for (const [k, { x, average, delta }] of expected.entries()) {
      const after = await walk.step(state, batch(k));
      ({ state } = after);
      expectClose(state.theta, x, 5e-5);
      expectClose(walk.evaluationPoint!(state), average, 5e-5);
      expect(after.report.radius).toBeCloseTo(delta, 6);
    }
  });

  it("are undone by the next exchange where they led astray", async () => {
    const walk = method();
    const { state } = await go(walk, walk.start(new Float32Array(N)), batch, 20);
    const { before, radius } = state as unknown as { before: Vector; radius: number };
    const away = { ...state, theta: state.theta.map((value) => value + 3) };
    const after = await walk.step(away, batch(20));
    expect(after.report.accepted).toBe(false);
    expect(after.state.theta).toBe(before);
    expect(walk.evaluationPoint!(after.state)).toBe(before);
    expect(after.report.radius).toBeCloseTo(radius / 1.5, 9);
  });

  it("are undone where one of them meets no number, of which no average learns", async () => {
    const walk = method();
    const { state } = await go(walk, walk.start(new Float32Array(N)), batch, 20);
    const { m, v } = structuredClone(state) as unknown as { m: Vector; v: Vector };
    const after = await walk.step(state, batch(20, true));
    expect(after.report.accepted).toBe(false);
    expect(after.report.loss).toBeLessThan(1);
    expect(after.state).toMatchObject({ m, v });
  });
});

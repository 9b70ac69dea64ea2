import { describe, expect, it } from "vitest";
import { normInf } from "../../../src/linalg/reductions.js";
import { wholeSpace } from "../../../src/linalg/space.js";
import type { Vector } from "../../../src/linalg/vector.js";
import { obs } from "../../../src/trust-region/l-sr1/obs.js";
import { gradient } from "../../../src/trust-region/models/gradient.js";
import { lSr1 } from "../../../src/trust-region/models/l-sr1.js";
import type { PointWithGradient } from "../../../src/trust-region/point.js";
import { globalRule } from "../../../src/trust-region/radius.js";
import { trustRegionStep } from "../../../src/trust-region/step.js";
import {
  CountedObjective,
  quadratic,
  rosenbrock,
  saddle,
  type TestFunction,
} from "../../helpers/objectives.js";

describe("the l-sr1 model", () => {
  const g = Float32Array.of(3, -4);
  const plane = wholeSpace(2);
  const model = lSr1(2);

  /** Has seen the gradients 0 at 0 and `y` at `s`. */
  async function knowing(s: Vector, y: Vector) {
    const zero = new Float32Array(2);
    const first = await model.observe(model.start(2), plane, { x: zero, g: zero });
    return model.observe(first, plane, { x: s, g: y });
  }

  it("is order 1 while no pair is stored", async () => {
    const step = await model.step(model.start(2), plane, g, 0.5);
    expect(step).toEqual(await gradient.step(null, plane, g, 0.5));
  });

  it("is OBS from the first pair on, with the 2-norm of its step", async () => {
    const curvature = await knowing(Float32Array.of(1, 0), Float32Array.of(-2, 1));
    const step = (await model.step(curvature, plane, g, 0.5))!;
    expect(step).toEqual(await obs(curvature.pairs, plane, g, 0.5));
    expect(step.norm).toBeCloseTo(Math.hypot(...step.s), 6);
    expect(step.norm).toBeGreaterThan(0.9 * 0.5);
    expect(normInf(step.s)).toBeLessThanOrEqual(0.5);
  });

  it("has no step where the gradient is zero and no negative curvature is known", async () => {
    const curvature = await knowing(Float32Array.of(1, 0), Float32Array.of(2, 0));
    expect(await model.step(curvature, plane, new Float32Array(2), 1)).toBeUndefined();
  });

  it("has none for a gradient that is not finite", async () => {
    const curvature = await knowing(Float32Array.of(1, 0), Float32Array.of(2, 1));
    expect(await model.step(curvature, plane, Float32Array.of(NaN, 0), 1)).toBeUndefined();
  });

  it("learns a pair from each point of a batch and the one before, and none across batches", async () => {
    const at = (...x: [number, number]) => ({
      x: Float32Array.of(...x),
      g: Float32Array.of(3 * x[0], -x[1]),
    });
    const steps = async (...points: ReturnType<typeof at>[]) => {
      let curvature = model.start(2);
      for (const point of points) curvature = await model.observe(curvature, plane, point);
      return curvature;
    };
    const two = await steps(at(0, 0), at(1, 0), at(1, 2));
    expect(two.pairs.s.map((s) => [...s])).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(two.pairs.y.map((y) => [...y])).toEqual([
      [3, 0],
      [0, -2],
    ]);
    const other = model.startBatch(await steps(at(0, 0), at(1, 0)));
    expect((await model.observe(other, plane, at(1, 2))).pairs).toEqual(other.pairs);
  });

  it("learns a pair from a trial, and stays where it was", async () => {
    const here = { x: Float32Array.of(0, 0), g: Float32Array.of(1, 1) };
    const before = await model.observe(model.start(2), plane, here);
    const trial = { x: Float32Array.of(-1, 0), g: Float32Array.of(-2, 1) };
    const after = await model.observeTrial!(before, plane, trial);
    expect(after.pairs.y.map((y) => [...y])).toEqual([[-3, 0]]);
    expect(after.last).toBe(before.last);
  });
});

describe("trust-region steps of order 2", () => {
  it.each([
    [quadratic(10, 1e3), 1e-8],
    [rosenbrock(2), 1e-8],
    [rosenbrock(10), 1e-8],
    [saddle, -0.5 + 1e-8],
  ] as [TestFunction, number][])("minimise $name", async (f, target) => {
    const reached = await minimise(f, 300);
    expect(reached).toBeLessThan(target);
  });
});

/** Trust-region steps with a new pair after each accepted one; the loss never rises. */
async function minimise(f: TestFunction, steps: number): Promise<number> {
  const objective = new CountedObjective(f);
  const space = wholeSpace(f.dimension);
  const model = lSr1(5);
  const evaluate = async (x: Vector): Promise<PointWithGradient> => {
    const g = new Float32Array(f.dimension);
    return { x, f: await objective.gradient(x, g), g };
  };
  let at = await evaluate(Float32Array.from(f.start));
  let curvature = await model.observe(model.start(f.dimension), space, at);
  let radius = 0.1;
  for (let step = 0; step < steps; step++) {
    const rule = { ...globalRule, min: 1e-8, max: 10 };
    const options = { rule, model, curvature, maxTrials: 10 };
    const result = await trustRegionStep({ objective, space }, at, radius, options);
    radius = result.radius;
    if (!result.accepted) continue;
    expect(result.to.f).toBeLessThan(at.f);
    at = await evaluate(result.to.x);
    curvature = await model.observe(curvature, space, at);
  }
  return at.f;
}

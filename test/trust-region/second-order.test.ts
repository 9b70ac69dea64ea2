import { describe, expect, it } from "vitest";
import { firstOrder } from "../../src/trust-region/first-order.js";
import { LSR1Memory } from "../../src/trust-region/l-sr1.js";
import { obs } from "../../src/trust-region/obs.js";
import { globalRule } from "../../src/trust-region/radius.js";
import { secondOrder } from "../../src/trust-region/second-order.js";
import { trustRegionStep, type Iterate } from "../../src/trust-region/step.js";
import { addScaled, norm2, normInf } from "../../src/linalg/vector.js";
import { CountedObjective, quadratic, rosenbrock, saddle, type TestFunction } from "../helpers/objectives.js";

describe("secondOrder", () => {
  const g = Float32Array.of(3, -4);

  it("is order 1 while no pair is stored", () => {
    expect(secondOrder(new LSR1Memory(2)).step(g, 0.5)).toEqual(firstOrder.step(g, 0.5));
  });

  it("is OBS from the first pair on, with the 2-norm of its step", () => {
    const memory = new LSR1Memory(2);
    memory.update(Float32Array.of(1, 0), Float32Array.of(-2, 1));
    const step = secondOrder(memory).step(g, 0.5)!;
    expect(step).toEqual(obs(memory, g, 0.5));
    expect(step.norm).toBeCloseTo(norm2(step.s), 6);
    expect(step.norm).toBeGreaterThan(0.9 * 0.5);
    expect(normInf(step.s)).toBeLessThanOrEqual(0.5);
  });

  it("has no step where the gradient is zero and no negative curvature is known", () => {
    const memory = new LSR1Memory(2);
    memory.update(Float32Array.of(1, 0), Float32Array.of(2, 0));
    expect(secondOrder(memory).step(new Float32Array(2), 1)).toBeUndefined();
  });

  it("has none for a gradient that is not finite", () => {
    const memory = new LSR1Memory(2);
    memory.update(Float32Array.of(1, 0), Float32Array.of(2, 1));
    expect(secondOrder(memory).step(Float32Array.of(NaN, 0), 1)).toBeUndefined();
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
  const memory = new LSR1Memory(f.dimension);
  const model = secondOrder(memory);
  let x = Float32Array.from(f.start);
  let g = new Float32Array(f.dimension);
  let at: Iterate = { x, f: await objective.gradient(x, g) };
  let radius = 0.1;
  for (let step = 0; step < steps; step++) {
    const rule = { ...globalRule, min: 1e-8, max: 10 };
    const result = await trustRegionStep(objective, at, g, radius, { rule, model, maxTrials: 10 });
    radius = result.radius;
    if (!result.accepted) continue;
    expect(result.f).toBeLessThan(at.f);
    const gNew = new Float32Array(f.dimension);
    await objective.gradient(result.x, gNew);
    memory.update(
      addScaled(result.x, -1, x, new Float32Array(x.length)),
      addScaled(gNew, -1, g, new Float32Array(x.length)),
    );
    [x, g, at] = [result.x as Float32Array<ArrayBuffer>, gNew, result];
  }
  return at.f;
}

import { describe, expect, it } from "vitest";
import { distanceInf, normInf } from "../../src/linalg/reductions.js";
import { wholeSpace, type VectorSpace } from "../../src/linalg/space.js";
import type { Vector } from "../../src/linalg/vector.js";
import { adam } from "../../src/trust-region/models/adam.js";
import type { CurvatureModel } from "../../src/trust-region/models/curvature-model.js";
import { gradient } from "../../src/trust-region/models/gradient.js";
import { lSr1 } from "../../src/trust-region/models/l-sr1.js";
import type { Objective } from "../../src/trust-region/objective.js";
import { globalRule } from "../../src/trust-region/radius.js";
import { trustRegionStep } from "../../src/trust-region/step.js";
import { onGroup } from "../helpers/comm/groups.js";
import {
  CountedObjective,
  quadratic,
  rosenbrock,
  saddle,
  trigonometric,
  type TestFunction,
} from "../helpers/objectives.js";
import { expectSameBits } from "../helpers/same-bits.js";
import { Cut, RANKS } from "../helpers/trust-region/cut.js";

/** Steps on vectors cut over ranks, against the same on whole ones. */

const STEPS = 25;
const models: Readonly<Record<string, CurvatureModel>> = { gradient, adam, "l-sr1": lSr1(5) };
const functions = [quadratic(230, 100), rosenbrock(12), trigonometric(90), saddle, halfDone(11)];
const cases = Object.keys(models).flatMap((model) =>
  functions.flatMap((f) => RANKS.map((ranks) => ({ model, f, ranks, name: f.name }))),
);

/** A quadratic of which the first half of the coordinates are where they should be: some ranks have nothing to do. */
function halfDone(n: number): TestFunction {
  const start = Array.from({ length: n }, (_, i) => (2 * i < n ? 1 : 0));
  return { ...quadratic(n, 30), name: "half done", start };
}

interface Outcome {
  readonly x: Vector;
  readonly f: number;
  readonly accepted: boolean;
  readonly radius: number;
  readonly rho: number;
  /** Losses evaluated. */
  readonly trials: number;
}

interface Where {
  readonly objective: Objective;
  readonly space: VectorSpace;
  readonly start: Vector;
}

/**
 * Trust-region steps, the model shown every gradient and every trial that failed.
 * @param next where the step after step k begins, given where step k ended
 */
async function minimise(
  { objective, space, start }: Where,
  model: CurvatureModel,
  next: (k: number, reached: Vector) => Vector,
): Promise<Outcome[]> {
  let trials = 0;
  const counted: Objective = {
    value: (x) => {
      trials++;
      return objective.value(x);
    },
    gradient: (x, out) => objective.gradient(x, out),
  };
  const rule = { ...globalRule, min: 1e-6, max: 10 };
  const outcomes: Outcome[] = [];
  let curvature = model.start(start.length);
  let x = start;
  let radius = 0.1;
  for (let step = 0; step < STEPS; step++) {
    const at = { x, g: new Float32Array(x.length) };
    const f = await objective.gradient(at.x, at.g);
    curvature = await model.observe(curvature, space, at);
    trials = 0;
    const options = { rule, model, curvature, maxTrials: 8, tryLonger: step % 2 === 0 };
    const result = await trustRegionStep({ objective: counted, space }, { ...at, f }, radius, options);
    if (result.missed && model.observeTrial) {
      const g = new Float32Array(x.length);
      await objective.gradient(result.missed, g);
      curvature = await model.observeTrial(curvature, space, { x: result.missed, g });
    }
    const { to, accepted, rho } = result;
    ({ radius } = result);
    outcomes.push({ x: to.x, f: to.f, accepted, radius, rho, trials });
    x = next(step, to.x);
  }
  return outcomes;
}

describe.each(cases)("$model on $name, cut over $ranks", ({ model, f, ranks }) => {
  it("takes the decisions of whole vectors, and steps equal to rounding", async () => {
    const start = Float32Array.from(f.start);
    const whole = await minimise(
      { objective: new CountedObjective(f), space: wholeSpace(f.dimension), start },
      models[model]!,
      (_, reached) => reached,
    );
    const cut = await onGroup("memory", ranks, async (comm) => {
      const cut = new Cut(f.dimension, comm);
      const where = { objective: cut.objective(f), space: cut.space, start: cut.here.restrict(start) };
      const outcomes: Outcome[] = [];
      // Each step from where that of whole vectors begins, so that rounding does not add up.
      const next = (k: number) => cut.here.restrict(whole[k]!.x);
      for (const outcome of await minimise(where, models[model]!, next))
        outcomes.push({ ...outcome, x: await cut.assemble(outcome.x) });
      return outcomes;
    });
    expect(whole.some(({ accepted }) => accepted)).toBe(true);
    for (const outcomes of cut) expectSameBits(outcomes, cut[0]);
    if (ranks === 1) expectSameBits(cut[0], whole);
    cut[0]!.forEach(({ x, accepted, radius, trials }, k) => {
      const expected = whole[k]!;
      expect({ accepted, radius, trials }, `step ${k}`).toEqual({
        accepted: expected.accepted,
        radius: expected.radius,
        trials: expected.trials,
      });
      expect(distanceInf(x, expected.x)).toBeLessThanOrEqual(1e-6 * normInf(expected.x));
    });
  });
});

describe.each(RANKS)("a gradient cut over %i", (ranks) => {
  it.each(Object.keys(models))("by %s leads nowhere where any of its slices is not finite", async (name) => {
    const model = models[name]!;
    const n = 10;
    for (const [value, at] of [
      [NaN, 0],
      [Infinity, n - 1],
    ] as const) {
      const bad = new Float32Array(n).fill(0.5);
      bad[at] = value;
      const found = await onGroup("memory", ranks, async (comm) => {
        const { space, here } = new Cut(n, comm);
        const x = new Float32Array(here.size);
        const curvature = await model.observe(model.start(here.size), space, { x, g: x });
        return model.step(curvature, space, here.restrict(bad), 0.1);
      });
      expect(found).toEqual(Array.from({ length: ranks }, () => undefined));
    }
  });
});

import { describe, expect, it } from "vitest";
import { selfCommunicator } from "../../src/comm/index.js";
import { UsageError } from "../../src/errors.js";
import { normInf, wholeSpace } from "../../src/linalg/space.js";
import type { Vector } from "../../src/linalg/vector.js";
import { inexact, type IaptsOptions } from "../../src/methods/iapts.js";
import type { Problem } from "../../src/methods/problem.js";
import { partsOf, recommended } from "../../src/methods/trust-region-options.js";
import { trainConfig } from "../../src/run/options/config.js";
import type { Objective } from "../../src/trust-region/objective.js";
import type { Point } from "../../src/trust-region/point.js";
import { trustRegionStep } from "../../src/trust-region/step.js";
import { onGroup } from "../helpers/comm/groups.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import {
  evenSplit,
  quadratic,
  rosenbrock,
  TestProblem,
  trigonometric,
  type TestFunction,
} from "../helpers/objectives.js";
import { expectSameBits } from "../helpers/same-bits.js";
import { Cut, RANKS } from "../helpers/trust-region/cut.js";

/** f of vectors cut in stages: of a local objective the other stages stay what they were, as of a network's h and c. */
class Staged implements Problem {
  readonly key = "everything";
  readonly space;
  readonly objective: Objective;
  #prepared: { readonly at: Vector; readonly whole: Vector } | undefined;

  constructor(
    private readonly f: TestFunction,
    private readonly cut: Cut,
  ) {
    this.space = cut.space;
    this.objective = cut.objective(f);
  }

  async prepareLocal({ x }: Point): Promise<void> {
    this.#prepared = { at: x.slice(), whole: await this.cut.assemble(x) };
  }

  local(_: number, { x }: Point): Objective {
    const { at, whole } = this.#prepared!;
    expect(x).toEqual(at);
    const { here } = this.cut;
    const full = whole.slice();
    const g = new Float32Array(full.length);
    return {
      value: (own) => Promise.resolve(this.f.value(here.prolong(own, full))),
      gradient: (own, out) => {
        this.f.gradient(here.prolong(own, full), g);
        here.restrict(g, out);
        return Promise.resolve(this.f.value(full));
      },
    };
  }
}

const STEPS = 15;
const functions: Record<string, TestFunction> = {
  quadratic: quadratic(12, 10),
  rosenbrock: rosenbrock(12),
  trigonometric: trigonometric(12),
};

describe.each(Object.entries(functions))("iapts on the stages of %s", (_, f) => {
  const decomposition = evenSplit(f.dimension, 1);
  const start = Float32Array.from(f.start);

  it.each(
    ["gradient", "adam", "l-sr1"].flatMap((direction) => RANKS.map((ranks) => [direction, ranks] as const)),
  )("%s, %i stages: all ranks decide alike, and the loss never rises", async (direction, ranks) => {
    const outcomes = await onGroup("memory", ranks, async (comm) => {
      const cut = new Cut(f.dimension, comm);
      const method = createMethod("iapts", { direction, localSteps: 3 }, { comm, decomposition });
      const { path, reports } = await go(
        method,
        method.start(cut.here.restrict(start)),
        new Staged(f, cut),
        STEPS,
      );
      const assembled = [];
      for (const theta of path) assembled.push(await cut.assemble(theta));
      return { path: assembled, reports };
    });
    for (const one of outcomes) expectSameBits(one, outcomes[0]);
    const { path, reports } = outcomes[0]!;
    const values = [start, ...path].map((x) => f.value(x));
    values.slice(1).forEach((value, i) => {
      expect(value).toBeLessThanOrEqual(values[i]!);
    });
    reports.forEach(({ loss }, i) => {
      expect(loss).toBe(values[i + 1]);
    });
    expect(values.at(-1)).toBeLessThan(0.9 * values[0]!);
  });

  it.each(RANKS)(
    "%i stages: each moves by Δ at most, and none with a gradient stays where it is",
    async (ranks) => {
      await onGroup("memory", ranks, async (comm) => {
        const cut = new Cut(f.dimension, comm);
        const radius = 1e-4; // so short that every step is taken
        const options = { direction: "gradient", localSteps: 4, globalSteps: 0, radius, minRadius: 0 };
        const method = createMethod("iapts", options, { comm, decomposition });
        const before = cut.here.restrict(start);
        const { state, report } = await method.step(method.start(before), new Staged(f, cut));
        expect(report.accepted).toBe(true);
        expect(report.predicted).toBeGreaterThan(0);
        const g = new Float32Array(f.dimension);
        f.gradient(start, g);
        const hasSlope = cut.here.restrict(g).some((slope) => slope !== 0);
        const moved = await normInf(
          wholeSpace(1),
          state.theta.map((value, i) => value - before[i]!),
        );
        if (hasSlope) expect(moved).toBeGreaterThan(0);
        expect(moved).toBeLessThanOrEqual(1.01 * radius);
      });
    },
  );
});

it("on one stage, with one local step and no others, is the trust-region method of one trial", async () => {
  const f = quadratic(9, 5);
  const decomposition = evenSplit(f.dimension, 1);
  const values = {
    ...recommended,
    pairs: 5,
    maxTrials: 1,
    minRadius: 1e-4,
    maxRadius: 0.1,
    tryLonger: false,
  };
  const parts = partsOf(values);
  const options: IaptsOptions = { ...values, ...parts, localSteps: 1, globalSteps: 0, window: 1 };
  const context = { ...contextOf(f), decomposition };
  const method = inexact(context, options);
  const problem = new TestProblem(f, decomposition);
  const { path, reports } = await go(method, method.start(Float32Array.from(f.start)), problem, STEPS);

  let x: Vector = Float32Array.from(f.start);
  let { radius } = values;
  const space = wholeSpace(f.dimension);
  let curvature = parts.model.start(f.dimension);
  for (const [k, theta] of path.entries()) {
    const g = new Float32Array(f.dimension);
    const value = await problem.objective.gradient(x, g);
    curvature = await parts.model.observe(curvature, space, { x, g });
    const rule = { ...parts.rule, shrink: 0.9 };
    const result = await trustRegionStep(problem, { x, f: value, g }, radius, {
      ...values,
      rule,
      model: parts.model,
      curvature,
    });
    if (!(result.rho >= rule.eta1)) expect.fail(`step ${k} is no step of a good model: ρ is ${result.rho}`);
    ({ radius } = result);
    ({ x } = result.to);
    expect(theta).toEqual(x);
    expect(reports[k]!.radius).toBe(radius);
  }
});

function contextOf({ dimension: size }: TestFunction) {
  const tensors = [{ name: "x", shape: [size], offset: 0, size, layer: 0 }];
  const steps = { plannedSteps: STEPS, stepsPerEpoch: 1 };
  return { comm: selfCommunicator(), tensors, fullBatch: true, tolerance: 0, ...steps };
}

describe("the options of iapts", () => {
  const configure = (values: Record<string, unknown>) =>
    trainConfig([{ source: { kind: "program" }, values: { method: "iapts", ranks: 1, ...values } }], 1);

  it("--preset published has what the paper has", () => {
    expect(configure({ preset: "published" }).methodOptions).toMatchObject({
      direction: "adam",
      localSteps: 3,
      radius: 0.1,
      minRadius: 0.01,
      maxRadius: 0.5,
      grow: 1.2,
      judgeEvery: 0,
    });
  });

  it("a walk is refused beside what walks have no use for", () => {
    const both = () => configure({ judgeEvery: 5, localSteps: 2 });
    expect(both).toThrow(UsageError);
    expect(both).toThrow(
      /^Expected --judge-every 0 beside --local-steps, which is an option of the local problems of stages, got 5\.$/,
    );
  });
});

import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { packObject, unpackObject } from "../../src/comm/packing.js";
import type { Vector } from "../../src/linalg/vector.js";
import type { MethodDescription } from "../../src/methods/description.js";
import type { State, StepReport } from "../../src/methods/method.js";
import { methods } from "../../src/methods/registry.js";
import { onGroup } from "../helpers/comm/groups.js";
import { analytic, tinyNetworkBed, type TestBed } from "../helpers/methods/problems.js";
import { createMethod } from "../helpers/methods/steps.js";
import { quadratic, rosenbrock } from "../helpers/objectives.js";
import { expectSameBits } from "../helpers/same-bits.js";

/** Every registered method on every problem: a method is tested by being listed. */

const STEPS = 16;
const MIDDLE = 7;
/** Of a method made for mini-batches. */
const BATCHES = 2;
const RANKS = [1, 3];

let tinyNetwork: TestBed;
beforeAll(async () => {
  tinyNetwork = await tinyNetworkBed(Math.max(...RANKS));
});

const problems: Readonly<Record<string, () => TestBed>> = {
  quadratic: () => analytic(quadratic(7, 10), 4, { sgd: 0.02, other: 0.05 }),
  rosenbrock: () =>
    analytic(rosenbrock(8), 4, { sgd: 2e-4, "schedule-free-sgd": 1e-3, soaa: 0.5, other: 0.02 }),
  "tiny network": () => tinyNetwork,
};

/** With each of a method's directions, where it has some. */
const variants = methods.flatMap((method) => {
  const directions = method.options["direction"]?.choices ?? [undefined];
  return directions.map((direction) => ({ method, direction }));
});

const cases = variants.flatMap(({ method, direction }) =>
  Object.entries(problems).map(([problem, bed]) => ({
    name: [method.name, ...(direction ? [direction] : []), "on", problem].join(" "),
    bed,
    method,
    options: direction === undefined ? {} : { direction },
  })),
);

interface Steps {
  readonly state: State;
  readonly path: readonly Vector[];
  readonly reports: readonly StepReport[];
  /** Gradients evaluated by rank 0. */
  readonly gradients: number;
}

describe.each(cases)("$name", ({ bed, method, options }) => {
  const all = { from: 0, to: STEPS };

  it("lowers the loss", async () => {
    const problem = bed();
    const lossAt = async (theta: Vector): Promise<number> => {
      const [loss] = await onGroup("memory", 1, (comm) => problem.on(comm, 1).of(0).objective.value(theta));
      return loss!;
    };
    const { state } = await steps(method, problem, options, all, 1);
    expect(await lossAt(state.theta)).toBeLessThan(0.9 * (await lossAt(problem.start)));
  });

  it.each(RANKS)("takes the same steps on %i ranks, and resumed in the middle", async (ranks) => {
    const problem = bed();
    const alone = await steps(method, problem, options, all, 1);
    const whole = await steps(method, problem, options, all, ranks);
    expectSameBits(whole, alone);

    const before = await steps(method, problem, options, { from: 0, to: MIDDLE }, ranks);
    const saved = packObject(before.state);
    for (const resumedBy of RANKS) {
      const rest = { from: MIDDLE, to: STEPS, saved: () => unpackObject(saved) as State };
      const after = await steps(method, problem, options, rest, resumedBy);
      expectSameBits([...before.path, ...after.path], alone.path);
      expectSameBits([...before.reports, ...after.reports], alone.reports);
      expectSameBits(after.state, alone.state);
      // What was known where it stopped is not evaluated again.
      expect(before.gradients + after.gradients).toBe(alone.gradients);
    }
  });
});

interface Span {
  readonly from: number;
  readonly to: number;
  /** The state it goes on from; the start where none is given. */
  readonly saved?: () => State;
}

/** Some of the steps of a run, on every rank of a group; rank 0's account, after making sure that all are the same. */
async function steps(
  { name, batches, options: table }: MethodDescription,
  bed: TestBed,
  options: object,
  { from, to, saved }: Span,
  ranks: number,
): Promise<Steps> {
  const { start, decomposition, tensors, rates } = bed;
  const count = Math.min(batches, BATCHES);
  const scales = ["learningRate", "adamRate", "firstStep"].filter((option) => option in table);
  const rate = Object.fromEntries(scales.map((option) => [option, rates[name] ?? rates.other]));
  const accounts = await onGroup("memory", ranks, async (comm) => {
    const context = {
      comm,
      decomposition,
      ...(tensors && { tensors }),
      plannedSteps: STEPS,
      stepsPerEpoch: count,
      fullBatch: count === 1,
    };
    const method = createMethod(name, { ...rate, ...options }, context);
    const problem = bed.on(comm, count);
    const theta0 = start.slice();
    let state = saved?.() ?? method.start(theta0);
    expectPlain(state);
    const path: Vector[] = [];
    const reports: StepReport[] = [];
    for (let k = from; k < to; k++) {
      const from = state.theta;
      const at = from.slice();
      const after = await method.step(state, problem.of(k % count));
      ({ state } = after);
      expectPlain(state);
      // θ is replaced, not written to.
      expectSameBits(from, at);
      path.push(state.theta.slice());
      reports.push(after.report);
    }
    expectSameBits(theta0, start);
    return { state, path, reports, gradients: problem.gradients() };
  });
  for (const account of accounts) expectSameBits(account, accounts[0]);
  return accounts[0]!;
}

/** Fails for whatever a checkpoint could not hold: functions, instances of classes, undefined. */
function expectPlain(value: unknown, where = "the state"): void {
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) return;
  if (ArrayBuffer.isView(value)) return;
  const isPlain =
    typeof value === "object" && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
  if (!isPlain) expect.fail(`Expected plain values and vectors, found ${inspect(value)} in ${where}.`);
  for (const [key, entry] of Object.entries(value)) expectPlain(entry, `${where}.${key}`);
}

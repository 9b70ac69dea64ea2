import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ComparedWorkload } from "../../../src/arena/report/compared.js";
import { firstReaching, outcomesOf, within } from "../../../src/arena/report/outcomes.js";
import type { Measurement, Target, Trial } from "../../../src/arena/trial.js";
import { trialOf } from "../../helpers/arena.js";

const target: Target = { metric: "testAccuracy", value: 0.9, direction: "max" };
const workload: ComparedWorkload = { name: "w", targets: [target], budget: { epochs: 4 }, options: {} };
const methods = [{ name: "m", options: {} }];

describe("the time to a target", () => {
  it("is that of the first measurement that reaches it, whatever comes after", () => {
    const [trial] = [trialOf([0.5, 0.9, 0.8, 0.95])];
    expect(firstReaching(target, trial.measurements)).toBe(trial.measurements[1]);
    expect(firstReaching({ ...target, value: 0.96 }, trial.measurements)).toBeUndefined();
    expect(firstReaching({ ...target, metric: "other" }, trial.measurements)).toBeUndefined();
  });

  it("is not reached by what is no number, and by nothing beyond the budget", () => {
    expect(firstReaching(target, trialOf([NaN]).measurements)).toBeUndefined();
    expect(firstReaching({ ...target, direction: "min" }, trialOf([NaN]).measurements)).toBeUndefined();
    const late = trialOf([0.1, 0.2, 0.3, 0.4, 0.9]);
    expect(within(workload.budget, late).length).toBe(4);
    expect(within({ seconds: 2, epochs: 4 }, late).length).toBe(1); // a measurement every 2 s
    const [outcome] = outcomesOf({ workloads: [workload], methods, trials: [late], about: {} });
    expect(outcome!.times[0]!.reached).toBe(0);
  });

  it("is later for a harder target, and before no better value", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, share, fc.constantFrom("min", "max"), (made, a, b, direction) => {
        const { measurements } = trialOf(made);
        const [easy, hard] = (direction === "max") === a < b ? [a, b] : [b, a];
        const at = (value: number): Measurement | undefined =>
          firstReaching({ metric: "testAccuracy", value, direction }, measurements);
        expect(at(easy)?.seconds ?? Infinity).toBeLessThanOrEqual(at(hard)?.seconds ?? Infinity);
        const before = measurements.slice(
          0,
          measurements.findIndex((one) => one === at(hard)),
        );
        for (const { values } of before)
          expect(direction === "max" ? values["testAccuracy"]! < hard : values["testAccuracy"]! > hard).toBe(
            true,
          );
      }),
    );
  });
});

describe("what a method comes to", () => {
  const outcomeOf = (trials: readonly Trial[], of: ComparedWorkload = workload) =>
    outcomesOf({ workloads: [of], methods, trials, about: {} });

  it("is the median over the seeds, those that do not arrive infinitely late, and the range of those that do", () => {
    const [outcome] = outcomeOf([
      trialOf([0.9], { seed: 0 }),
      trialOf([0.1, 0.2, 0.95], { seed: 1 }),
      trialOf([0.1, 0.2], { seed: 2, failure: "diverged" }),
    ]);
    expect(outcome!.times).toEqual([
      {
        target,
        reached: 2,
        seconds: { median: 6, least: 2, most: 6 },
        gradients: { median: 9, least: 3, most: 9 },
        epochs: { median: 3, least: 1, most: 3 },
      },
    ]);
    expect(outcome!.final).toEqual({ median: 0.9, least: 0.9, most: 0.95 });
    expect(outcome!.search).toBeUndefined();
  });

  it("is that of the candidate which is first at the last target, else at those before, else ends best", () => {
    const rates = (...made: number[][]) =>
      made.map((values, rate) => trialOf(values, { candidate: { rate } }));
    const rateOf = (trials: readonly Trial[], of?: ComparedWorkload) =>
      outcomeOf(trials, of)[0]!.trials[0]!.candidate["rate"];
    expect(rateOf(rates([0.1, 0.9], [0.9, 0.1], [0.1, 0.1, 0.99]))).toBe(1);
    expect(rateOf(rates([0.1, 0.3], [0.7, 0.2], [0.1, 0.4]))).toBe(2);
    const two = { ...workload, targets: [{ ...target, value: 0.2 }, target] };
    expect(rateOf(rates([0.1, 0.9], [0.2, 0.2, 0.9]), two)).toBe(0);
    expect(rateOf(rates([0.1, 0.2, 0.8], [0.2, 0.2, 0.3]), two)).toBe(1);
    const down = { ...workload, targets: [{ ...target, direction: "min" as const, value: 0.01 }] };
    expect(rateOf(rates([0.1, 0.3], [0.7, 0.2], [0.1, 0.4]), down)).toBe(1);
  });

  it("counts what trying every candidate once takes, whatever of it was within the budget", () => {
    const [outcome] = outcomeOf([
      trialOf([0.1, 0.2], { seed: 0, candidate: { a: 1, b: 2 } }), // 4 s
      trialOf([0.1, 0.2, 0.3, 0.4], { seed: 1, candidate: { b: 2, a: 1 } }), // 8 s
      trialOf([0.1, 0.1, 0.1, 0.1, 0.9], { candidate: { a: 2 } }), // 10 s
    ]);
    expect(outcome!.search).toEqual({ candidates: 2, seconds: 16 });
    expect(outcome!.trials.length).toBe(2); // a candidate with fewer seeds is not chosen
  });

  it("is nothing of a method without trials", () => {
    expect(outcomeOf([])).toEqual([]);
    expect(outcomeOf([trialOf([], { failure: "refused" })])[0]!.final.median).toBe(-Infinity);
  });
});

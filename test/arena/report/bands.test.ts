import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandOf } from "../../../src/arena/report/bands.js";
import { outcomesOf } from "../../../src/arena/report/outcomes.js";
import type { Target, Trial } from "../../../src/arena/trial.js";
import { trialOf } from "../../helpers/arena.js";

const target: Target = { metric: "testAccuracy", value: 0.9, direction: "max" };

function bandsOf(trials: readonly Trial[]) {
  const workload = { name: "w", targets: [target], budget: {}, options: {} };
  const [outcome] = outcomesOf({
    workloads: [workload],
    methods: [{ name: "m", options: {} }],
    trials,
    about: {},
  });
  return bandOf(outcome!, "seconds", target);
}

/** The same trial, measured at other times. */
function slower(trial: Trial, factor: number): Trial {
  const measurements = trial.measurements.map((one) => ({ ...one, seconds: one.seconds * factor }));
  return { ...trial, measurements };
}

describe("the band of a method", () => {
  it("has median, smallest and largest of the seeds where all were measured", () => {
    const trials = [trialOf([0.1, 0.5]), trialOf([0.2, 0.9]), trialOf([0.4, 0.6])];
    expect(bandsOf(trials)).toEqual([
      { at: 2, middle: 0.2, least: 0.1, most: 0.4 },
      { at: 4, middle: 0.6, least: 0.5, most: 0.9 },
    ]);
  });

  it("takes a seed between two of its measurements on the line, and after its end as it was", () => {
    const trials = [trialOf([0.125, 0.5, 0.75]), trialOf([0.25, 0.5]), slower(trialOf([0.25, 0.75]), 1.5)];
    expect(bandsOf(trials)).toEqual([
      { at: 2, middle: 0.125, least: -Infinity, most: 0.25 }, // the third is not there yet
      { at: 3, middle: 0.3125, least: 0.25, most: 0.375 },
      { at: 4, middle: 0.5, least: expect.closeTo(0.25 + 0.5 / 3) as number, most: 0.5 },
      { at: 6, middle: 0.75, least: 0.5, most: 0.75 },
    ]);
  });

  it("goes on to the last end of a seed, those that have ended before at their last values", () => {
    const trials = [trialOf([0.5]), trialOf([0.25, 0.75]), trialOf([0.25, 0.5, 0.75, 1])];
    expect(bandsOf(trials).slice(1)).toEqual([
      { at: 4, middle: 0.5, least: 0.5, most: 0.75 },
      { at: 6, middle: 0.75, least: 0.5, most: 0.75 },
      { at: 8, middle: 0.75, least: 0.5, most: 1 },
    ]);
  });

  it("takes a seed that failed for worse than all from its last measurement on", () => {
    const trials = [
      trialOf([0.1, 0.5]),
      trialOf([0.3], { seed: 1, failure: "diverged" }),
      trialOf([], { seed: 2, failure: "diverged at once" }),
    ];
    const [first, last] = bandsOf(trials);
    expect(first).toEqual({ at: 2, middle: 0.1, least: -Infinity, most: 0.3 });
    expect(last).toEqual({ at: 4, middle: -Infinity, least: -Infinity, most: 0.5 });
    expect(bandsOf([trials[2]!])).toEqual([]);
  });

  it("is the curve itself of one seed, thinned where nobody could tell its points apart", () => {
    const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(accuracy, { minLength: 1, maxLength: 1000 }), (values) => {
        const trial = trialOf(values);
        const band = bandsOf([trial]);
        expect(band.length).toBeLessThanOrEqual(151);
        const places = new Map(trial.measurements.map((one) => [one.seconds, one.values["testAccuracy"]!]));
        for (const { at, middle, least, most } of band)
          expect([middle, least, most]).toEqual(Array(3).fill(places.get(at)));
        expect(band.at(-1)!.at).toBe(2 * values.length);
      }),
    );
  });

  it("has its middle between its ends and its places in order", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
    const seed = fc.record({
      values,
      factor: fc.double({ min: 0.5, max: 2, noNaN: true }),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(seed, { minLength: 1, maxLength: 5 }), (seeds) => {
        const trials = seeds.map(({ values, factor, failed }, index) =>
          slower(trialOf(values, { seed: index, ...(failed ? { failure: "why" } : {}) }), factor),
        );
        const band = bandsOf(trials);
        band.forEach(({ at, middle, least, most }, index) => {
          expect(least).toBeLessThanOrEqual(middle);
          expect(middle).toBeLessThanOrEqual(most);
          if (index > 0) expect(at).toBeGreaterThan(band[index - 1]!.at);
        });
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import type { Compared } from "../../../src/arena/report/compared.js";
import { comparedCurves } from "../../../src/arena/report/curves.js";
import { outcomesOf } from "../../../src/arena/report/outcomes.js";
import { profilesPicture } from "../../../src/arena/report/profile-picture.js";
import { trialOf } from "../../helpers/arena.js";

const long = Array.from({ length: 60 }, (_, index) => index / 100);
const compared: Compared = {
  workloads: [
    {
      name: "a<b",
      targets: [{ metric: "testAccuracy", value: 0.9, direction: "max" }],
      budget: {},
      options: {},
    },
    { name: "loss", targets: [{ metric: "loss", value: 1.5, direction: "min" }], budget: {}, options: {} },
  ],
  methods: ["fast", "slow", "absent"].map((name) => ({ name, options: {} })),
  trials: [
    trialOf([0.92, 0.93], { workload: "a<b", method: "fast" }),
    trialOf(long, { workload: "a<b", method: "slow" }),
    trialOf([0.1], { workload: "a<b", method: "slow", seed: 1, failure: "diverged" }),
    trialOf([0.1, 0.5], { workload: "loss", method: "slow" }),
  ],
  about: {},
};
const outcomes = outcomesOf(compared);
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!);
const numbers = (svg: string): string => svg.replaceAll(/>[^<]*</g, "><").replace(/aria-label="[^"]*"/, "");

describe("the pictures of a comparison", () => {
  it("have a panel a workload with its targets, in its own metric, and a logarithmic axis where one is soon there", () => {
    const svg = comparedCurves("seconds", compared, outcomes);
    const texts = textsOf(svg);
    for (const text of ["a&lt;b", "Test accuracy in %", "≥ 90 %", "Training loss", "≤ 1.5", "fast", "absent"])
      expect(texts).toContain(text);
    expect(texts).toEqual(expect.arrayContaining(["3", "10", "100"])); // from 2 to 120 seconds
    expect(numbers(svg)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("show a profile of every method by every unit", () => {
    const svg = profilesPicture(compared, outcomes);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["By seconds", "By gradients", "By epochs"]));
    expect(svg.split("<path").length - 1).toBe(3 * 3);
    expect(numbers(svg)).not.toMatch(/NaN|Infinity|undefined/);
  });
});

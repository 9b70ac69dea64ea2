import { expect, it } from "vitest";
import { unitsFor } from "../../../src/network/models/names.js";

it("a network has an output for each class or number; text is for gpt", () => {
  const samples = (shape: readonly number[], classes?: number) => ({
    inputs: [],
    targets: [{ shape, classes }],
  });
  expect(unitsFor("fcnn", samples([], 3))).toBe(3);
  expect(unitsFor("fcnn", samples([4]))).toBe(4);
  expect(unitsFor("gpt", samples([16], 28))).toBe(28);
  expect(() => unitsFor("fcnn", samples([16], 28))).toThrow(
    "Expected one class for each sample for fcnn, got 16. Text is learned by --model gpt, or by a model of your own.",
  );
});

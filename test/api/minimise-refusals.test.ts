import { describe, expect, it } from "vitest";
import { minimise, type MinimiseRequest, type PlainFunction } from "../../src/index.js";

/** Σ x² */
const bowl: PlainFunction = (x, gradient) => {
  gradient?.set(x.map((value) => 2 * value));
  return x.reduce((sum, value) => sum + value ** 2, 0);
};
const START = [1, 2, 3, 4, 5, 6];

describe("minimise refuses", () => {
  it("a gradient that is not written, in part or at all", async () => {
    await expect(minimise((x) => x[0]! ** 2, [1, 2])).rejects.toThrow(
      /write the gradient .* 2 numbers, got none of them, where f is 1\. .*no finite differences/,
    );
    const part: PlainFunction = (x, gradient) => {
      gradient?.set([2 * x[0]!]);
      return x[0]! ** 2 + x[1]! ** 2;
    };
    await expect(minimise(part, [1, 2])).rejects.toThrow(
      /NaN in 1 of them, the first at index 1, where f is 5/,
    );
  });

  it("a value that is no number", async () => {
    await expect(minimise((() => undefined) as unknown as PlainFunction, [1])).rejects.toThrow(
      "Expected f(x, gradient) to return a number, got undefined.",
    );
  });

  it.each<[unknown, RegExp]>([
    [[], /x0 to be an array of numbers/],
    [3, /x0 to be an array of numbers, one for each variable, got 3/],
    [[1, "2"], /numbers that float32 has, got "2" at index 1/],
    [[1, NaN], /got NaN at index 1/],
    [[1e39], /got 1e\+39 at index 0/],
  ])("x0 = %j", async (x0, message) => {
    await expect(minimise(bowl, x0 as number[])).rejects.toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ method: "newton" }, /to be one of apts.*, got "newton"/],
    [{ method: () => 0 }, /method to be the name/],
    [{ maxIteration: 5 }, /got "maxIteration"\. Did you mean "maxIterations"/],
    [{ maxIterations: 0 }, /"maxIterations" to be a whole number from 1/],
    [{ tolerance: -1 }, /"tolerance" to be a number of at least 0/],
    [{ learningRate: 0.1 }, /options of method lbfgs, got "learningRate"/],
    [{ method: "adam", learningRate: "fast" }, /"learningRate" to be a number/],
    [{ method: "tr", minRadius: 2 }, /min-radius/],
    [{ epochs: 3 }, /name of an option, got "epochs"/],
    [{ subdomains: 2 }, /subdomains with a method that works on them, got method lbfgs/],
    [{ method: "apts", subdomains: 7 }, /at most 6 subdomains, one for each variable, got 7/],
    [{ method: "apts-d", subdomains: 3, parts: 2 }, /at most 2 subdomains, one for each part of f, got 3/],
    [{ comm: undefined }, /comm to be a communicator, await init\(\), got undefined/],
    [{ onIteration: 5 }, /onIteration to be a function, got 5/],
    [{ signal: {} }, /signal to be an AbortSignal/],
  ])("%o", async (options, message) => {
    await expect(minimise(bowl, START, options)).rejects.toThrow(message);
  });

  it("what is no function, and of options that are none", async () => {
    await expect(minimise({} as PlainFunction, [1])).rejects.toThrow(/Expected f\(x, gradient\), a function/);
    await expect(minimise(bowl, [1], "lbfgs" as MinimiseRequest)).rejects.toThrow(
      /object of options, got "lbfgs"/,
    );
  });
});

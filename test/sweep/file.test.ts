import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSweep } from "../../src/sweep/file.js";
import { planRuns } from "../../src/sweep/plan.js";
import { temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

function written(text: string): string {
  const file = join(temporaryFolder(), "sweep.yaml");
  writeFileSync(file, text);
  return file;
}
const optionsIn = (text: string) => readSweep(written(text)).entries.map(({ options }) => options);
const planned = (text: string) => {
  const file = written(text);
  return planRuns(readSweep(file), file);
};

const SMALL = "{ data: digits, trainSamples: 50, testSamples: 20 }";

describe("the file of a sweep", () => {
  it("asks for all combinations, those of one seed together", () => {
    expect(
      optionsIn("base: { epochs: 3 }\nparameters: { seed: [0, 1], method: [adam, sgd], batches: 2 }"),
    ).toEqual([
      { epochs: 3, seed: 0, method: "adam", batches: 2 },
      { epochs: 3, seed: 0, method: "sgd", batches: 2 },
      { epochs: 3, seed: 1, method: "adam", batches: 2 },
      { epochs: 3, seed: 1, method: "sgd", batches: 2 },
    ]);
  });

  it("is read as W&B's files say it", () => {
    const text = `
name: rates
method: grid
parameters:
  learning-rate: { values: [0.1, 0.01] }
  method: { value: adam }
  seed: { distribution: categorical, values: [4] }`;
    expect(readSweep(written(text)).name).toBe("rates");
    expect(optionsIn(text)).toEqual([
      { learningRate: 0.1, method: "adam", seed: 4 },
      { learningRate: 0.01, method: "adam", seed: 4 },
    ]);
  });

  it("gives single runs options and combinations of their own", () => {
    const text = `
parameters: { seed: [0, 1] }
runs:
  - { method: apts }
  - { method: adam, parameters: { learningRate: [0.1, 0.2] } }`;
    expect(optionsIn(text)).toEqual([
      { method: "apts", seed: 0 },
      { method: "adam", learningRate: 0.1, seed: 0 },
      { method: "adam", learningRate: 0.2, seed: 0 },
      { method: "apts", seed: 1 },
      { method: "adam", learningRate: 0.1, seed: 1 },
      { method: "adam", learningRate: 0.2, seed: 1 },
    ]);
  });

  it.each([
    ["method: bayes", /method of .* to be grid, got "bayes": apts runs every combination and draws none/],
    ["method: adam", /got "adam". A method of training stands in base or in parameters/],
    ["name: ../elsewhere", /name in .* to be that of a folder in runs., got "\.\..elsewhere"\. Say --out\.$/],
    ["program: train.py", /Expected no "program" in .*: apts train is what runs\. Leave it out/],
    ["metric: { name: loss, goal: minimize }", /Expected no "metric"/],
    ["parameter: { seed: [1] }", /got "parameter"\. Did you mean "parameters"/],
    [
      "parameters: { seed: { min: 0, max: 3 } }",
      /Expected values: \[…\] or value: for "seed" in .*, got "min": apts runs every combination/,
    ],
    [
      "parameters: { radius: { distribution: uniform, values: [1] } }",
      /for "radius" in .* got "distribution"/,
    ],
    [
      "parameters: { seed: { values: 3 } }",
      /Expected values: \[…\] or value: for "seed".*got \{"values":3\}/,
    ],
    ["parameters: { seed: [] }", /Expected values for "seed" .*, got none/],
    ["parameters: { radius: [null, 0.1] }", /Expected values for "radius" .*, got null among them/],
    ["parameters: { radius: [0.1, '0.1'] }", /Expected different values for "radius"/],
    ["parameters: { batch-size: [1], batchSize: [2] }", /"batchSize" once in parameters of/],
    ["parameters: { seed: [0] }\nruns: [{ seed: 1 }]", /"seed" once in run 1 of .* together, got it twice/],
    ["runs: [{ epochs: 1, parameters: { epochs: [2] } }]", /"epochs" once in run 1 of/],
    [
      `parameters: { ${["a", "b", "c", "d"]
        .map(
          (n) =>
            `${n}: [${Array.from({ length: 20 })
              .map((_, i) => i)
              .join()}]`,
        )
        .join()} }`,
      /at most 100000 runs in .*, got 160000/,
    ],
  ])("refuses %s", (text, message) => {
    expect(() => readSweep(written(text))).toThrow(message);
  });
});

describe("the example of a sweep", () => {
  it("compares methods on MNIST with five seeds, in at most 15 lines", () => {
    const file = join(ROOT, "examples/sweep-mnist.yaml");
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThanOrEqual(15);
    const { entries } = readSweep(file);
    expect(new Set(entries.map(({ options }) => options["method"]))).toEqual(
      new Set(["apts", "sapts", "sgd", "adam", "lbfgs"]),
    );
    expect(entries.length).toBe(25);
  });
});

describe("the runs of a sweep", () => {
  it("have readable names, and a key for each configuration alone", async () => {
    const text = (epochs: number) =>
      `base: ${SMALL.replace("}", `, epochs: ${epochs} }`)}\nparameters: { method: [adam], learningRate: [0.1, 0.2], seed: [7] }`;
    const [one, other] = await planned(text(1));
    expect(one!.name).toMatch(/^adam-learning-rate-0\.1-seed-7-[0-9a-f]{8}$/);
    expect(other!.name).toMatch(/^adam-learning-rate-0\.2-seed-7-/);
    expect(one!.config).toMatchObject({ methodOptions: { learningRate: 0.1 }, ranks: 1, threads: 1 });
    const [again] = await planned(text(1));
    const [longer] = await planned(text(2));
    expect(again!.key).toBe(one!.key);
    expect(longer!.key).not.toBe(one!.key);
  });

  it.each([
    [`base: ${SMALL}\nparameters: { method: [adam, lbfgs], learningRate: [0.1] }`, /\(run with method lbfgs, learning-rate 0\.1\)$/], // prettier-ignore
    [`base: ${SMALL}\nparameters: { epochs: [1, x] }`, /"epochs" in .*, got "x".* \(run with epochs x\)$/],
    [`base: ${SMALL}\nparameters: { batches: [1, 51] }`, /\(run with batches 51\)$/],
    [`base: ${SMALL}\nparameters: { epoch: [1] }`, /got "epoch"\. Did you mean "epochs"/],
    ["base: { out: here }", /Expected no "out"/],
    [`base: ${SMALL}\nruns: [{ method: adam }, { method: adam, epochs: 20 }]`, /different runs .*: method adam, and method adam, epochs 20/], // prettier-ignore
  ])("of %s are refused before any starts", async (text, message) => {
    await expect(planned(text)).rejects.toThrow(message);
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { comparedOf } from "../../src/arena/compared.js";
import { readArena } from "../../src/arena/file.js";
import { planTrials } from "../../src/arena/plan.js";
import { UsageError } from "../../src/errors.js";
import { temporaryFolder } from "../helpers/apts.js";

const TARGETS = "targets: [{ metric: testAccuracy, value: 0.9 }]";
const WORKLOAD = `{ train: { trainSamples: 100, hidden: [4] }, budget: { epochs: 2 }, ${TARGETS} }`;

function written(text: string): string {
  const file = join(temporaryFolder(), "arena.yaml");
  writeFileSync(file, text);
  return file;
}

const arena = (workload: string, methods = "{ adam: }", more = "") =>
  `${more}\nworkloads: { small: ${workload} }\nmethods: ${methods}\n`;

describe("an arena's file", () => {
  it("says workloads, methods and seeds", () => {
    const targets =
      "[{ metric: testAccuracy, value: 0.9 }, { metric: testLoss, value: 0.3 }, { metric: mae, value: 1 }]";
    const text = `{ train: { data: mnist }, budget: { seconds: 5, epochs: 3 }, evaluate: 0.1, targets: ${targets} }`;
    const read = readArena(
      written(arena(text, "{ adam: , fast: { method: adam, search: { learning-rate: [0.1, 1] } } }")),
    );
    expect(read.seeds).toEqual([0, 1, 2]);
    expect(read.workloads).toMatchObject([
      {
        name: "small",
        budget: { seconds: 5, epochs: 3 },
        evaluate: 0.1,
        targets: [
          { metric: "testAccuracy", value: 0.9, direction: "max" },
          { metric: "testLoss", value: 0.3, direction: "min" },
          { metric: "meanAbsoluteError", value: 1, direction: "min" },
        ],
      },
    ]);
    expect(read.entries).toMatchObject([
      { name: "adam", options: { values: { method: "adam" } }, search: {} },
      { name: "fast", options: { values: { method: "adam" } }, search: { learningRate: [0.1, 1] } },
    ]);
  });

  it.each<[text: string, message: RegExp]>([
    [
      arena(WORKLOAD, "{ adam: }", "seed: [1]"),
      /option in .*arena\.yaml, got "seed"\. Did you mean "seeds"\?/,
    ],
    [
      arena(`{ budget: { second: 3 }, ${TARGETS} }`),
      /in the budget of workload small of .*, got "second"\. Did you mean "seconds"\?/,
    ],
    [arena(`{ train: {}, ${TARGETS} }`), /^Expected a budget of workload small of .*, got none\.$/],
    [
      arena(`{ budget: { epochs: 0 }, ${TARGETS} }`),
      /^Expected "epochs" in the budget of workload small of .* got 0\.$/,
    ],
    [arena("{ budget: { epochs: 1 } }"), /^Expected targets of workload small of .*, got none\.$/],
    [arena("{ budget: { epochs: 1 }, target: [] }"), /got "target"\. Did you mean "targets"\?/],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: speed, value: 1 }] }"),
      /got "speed"\. .*direction: min/,
    ],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: loss }] }"),
      /^Expected metric and value of a target/,
    ],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: testAccuracy, value: 94 }] }"),
      /^Expected the value of testAccuracy in a target of .* to be a share from 0 to 1, got 94\. Say 0\.94\.$/,
    ],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: a_recall, value: -1 }] }"),
      /to be a share from 0 to 1, got -1\.$/,
    ],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: mae, value: 1, direction: max }] }"),
      /^Expected meanAbsoluteError in a target of .* to have direction min, got max\./,
    ],
    [
      arena("{ budget: { epochs: 1 }, targets: [{ metric: testAcuracy, value: 1, direction: max }] }"),
      /got "testAcuracy"\. Did you mean "testAccuracy"\?$/,
    ],
    [
      arena(`{ budget: { epochs: 1 }, evalute: 1, ${TARGETS} }`),
      /got "evalute"\. Did you mean "evaluate"\?$/,
    ],
    [
      arena(`{ budget: { epochs: 1 }, train: { epochs: 3 }, ${TARGETS} }`),
      /got "epochs"\. Say it in the budget\.$/,
    ],
    [arena(WORKLOAD, "{ adam: { seed: 3 } }"), /in method adam of .*, got "seed"\. Say seeds\.$/],
    [arena(WORKLOAD, "{ adam: 3 }"), /^Expected "adam" of methods in .* to be names with values, got 3\.$/],
    [
      arena(WORKLOAD, "{ adam: { search: { radius: 3 } } }"),
      /^Expected a list of values for "radius" in the search/,
    ],
    [
      arena(WORKLOAD, "{ adam: { search: { seed: [7, 8] } } }"),
      /^Expected options that the arena leaves open in the search of method adam of .*, got "seed"\. Say seeds\.$/,
    ],
    [
      arena(WORKLOAD, "{ adam: { search: { max-seconds: [1] } } }"),
      /, got "max-seconds"\. Say it in the budget\.$/,
    ],
    [
      arena(WORKLOAD, "{ adam: { search: { method: [sgd] } } }"),
      /, got "method"\. Name methods under methods\.$/,
    ],
    ...["data: digits", "train-samples: 9", "hidden: [3]", "loss: mae", "metrics: mae"].map(
      (option) =>
        [
          arena(WORKLOAD, `{ adam: { ${option} } }`),
          /in method adam of .*, got ".*"\. Say it in train of the workload, for all methods\.$/,
        ] satisfies [string, RegExp],
    ),
    [
      arena(WORKLOAD, "{ adam: { search: { validationSplit: [0.1, 0.2] } } }"),
      /in the search of method adam of .*, got "validationSplit"\. Say it in train of the workload/,
    ],
    ...["0.1, 0.1", "0.001, 1.0e-3", '0.1, "0.1"'].map(
      (values) =>
        [
          arena(WORKLOAD, `{ adam: { search: { learningRate: [${values}] } } }`),
          /^Expected different values for "learningRate" in the search of method adam of .*, got \[/,
        ] satisfies [string, RegExp],
    ),
    [
      arena(WORKLOAD, "{ adam: { learning-rate: 1, search: { learningRate: [0.1, 0.2] } } }"),
      /^Expected "learningRate" of method adam of .* once, fixed or in the search, got it twice/,
    ],
    [
      arena(WORKLOAD, "{ adam: { search: { learningRate: [0.1], learning-rate: [1] } } }"),
      /^Expected "learning-rate" of method adam of .* once/,
    ],
    [
      arena(WORKLOAD, "{ adam: { search: { learningRate: [null, 1] } } }"),
      /^Expected values for "learningRate" in the search of method adam of .*, got null among them/,
    ],
    ...["batches: 5, search: { batchSize: [16, 32] }", "search: { batches: [5], batch-size: [16] }"].map(
      (text) =>
        [
          arena(WORKLOAD, `{ adam: { ${text} } }`),
          /^Expected either batches or batchSize of method adam of .*, fixed or in the search, got both/,
        ] satisfies [string, RegExp],
    ),
    [arena(WORKLOAD, "{ adam: { search: {} } }"), /^Expected options to try in the search .*, got none\.$/],
    [arena(WORKLOAD, "{}"), /^Expected methods in .*arena\.yaml, got none\.$/],
    [
      arena(WORKLOAD, "{ adam: }", "seeds: [1, 1]"),
      /^Expected seeds .* to be different numbers, got 1, 1\.$/,
    ],
  ])("that is wrong is refused by name (%#)", (text, message) => {
    const file = written(text);
    expect(() => readArena(file)).toThrow(UsageError);
    expect(() => readArena(file)).toThrow(message);
  });

  it("suggests options as the file spells them", async () => {
    const planned = (option: string) =>
      planTrials(readArena(written(arena(WORKLOAD, `{ adam: { ${option}: 3 } }`))));
    await expect(planned("batchSiz")).rejects.toThrow(/Did you mean "batchSize"\?$/);
    await expect(planned("batch-siz")).rejects.toThrow(/Did you mean "batch-size"\?$/);
  });

  it.each([
    [
      WORKLOAD,
      "{ adm: }",
      /^Expected "method" in method adm of .*arena\.yaml to be one of .*, got "adm"\. Did you mean "adam"\?$/,
    ],
    [
      WORKLOAD,
      "{ adam: { learning: 3 } }",
      /^Expected the name of an option in method adam of .*, got "learning"\./,
    ],
    [WORKLOAD, "{ adam: { radius: 3 } }", /^Expected options of method adam, got "radius"/],
    [
      WORKLOAD,
      "{ adam: { search: { learningRate: [fast] } } }",
      /^Expected "learningRate" in method adam of .*"fast"/,
    ],
    [WORKLOAD, "{ adam: { batchSize: 3, batches: 2 } }", /^Expected either --batches or --batch-size/],
    [
      WORKLOAD,
      "{ adam: { batches: 200 } }",
      /whole number from 1 to 100, the number of training samples, got 200/,
    ],
    [
      `{ budget: { seconds: 1 }, train: { trainSamples: 99 }, ${TARGETS} }`,
      "{ adam: { warmup: 0.1 } }",
      /^Expected a budget in epochs of workload small/,
    ],
    [
      `{ budget: { seconds: 1 }, train: { trainSamples: 99 }, ${TARGETS} }`,
      "{ soaa: }",
      /^Expected a budget in epochs of workload small/,
    ],
  ])("whose runs would be refused is refused before any starts (%#)", async (workload, methods, message) => {
    await expect(planTrials(readArena(written(arena(workload, methods))))).rejects.toThrow(UsageError);
    await expect(planTrials(readArena(written(arena(workload, methods))))).rejects.toThrow(message);
  });
});

describe("the trials of an arena", () => {
  const plan = (workload: string, methods: string) =>
    planTrials(readArena(written(arena(workload, methods, "seeds: [0, 1]"))));

  it("are all combinations, those of a seed together", async () => {
    const search = "{ method: adam, search: { learningRate: [0.1, 1], beta1: [0.5] } }";
    const trials = await plan(WORKLOAD, `{ sgd: , tuned: ${search} }`);
    expect(trials.map(({ method, candidate, seed }) => [method, candidate, seed])).toEqual(
      [0, 1].flatMap((seed) => [
        ["sgd", {}, seed],
        ["tuned", { learningRate: 0.1, beta1: 0.5 }, seed],
        ["tuned", { learningRate: 1, beta1: 0.5 }, seed],
      ]),
    );
    expect(new Set(trials.map(({ key }) => key)).size).toBe(6);
  });

  it("of one configuration are one run, whatever they are called", async () => {
    const trials = await plan(WORKLOAD, "{ sgd: , other: { method: sgd, search: { learningRate: [0.1] } } }");
    expect(new Set(trials.map(({ key }) => key)).size).toBe(2);
  });

  it("say how each method cuts what its workload does not", async () => {
    const read = readArena(
      written(arena(WORKLOAD, "{ a: { method: adam, batchSize: 9 }, b: { method: apts, batches: 1 } }")),
    );
    const { about } = comparedOf(read, await planTrials(read), []);
    expect(about["mini-batches of small"]).toBe("a batchSize 9, b batches 1");
  });

  it("measure every so many passes, and are as long as the budget says", async () => {
    const workload = `{ train: { trainSamples: 100, batchSize: 11 }, budget: { epochs: 1.5 }, evaluate: 0.2, ${TARGETS} }`;
    const [small, full] = await plan(workload, "{ adam: , apts: { batches: 1 } }");
    expect(small).toMatchObject({
      cut: { batches: 10, batchesPerEpoch: 2 },
      config: { epochs: 8, overlap: 0 },
    });
    expect(full).toMatchObject({ cut: { batches: 1, batchesPerEpoch: 1 }, config: { epochs: 2 } });
  });
});

import { describe, expect, it } from "vitest";
import { namesOf, type RecordedRun } from "../../src/job/run-names.js";
import { trainConfig } from "../../src/run/options/config.js";

interface Changes {
  readonly label?: string;
  readonly fingerprint?: string;
  readonly parameters?: number;
  readonly [option: string]: unknown;
}

function run({ label, fingerprint, parameters, ...values }: Changes = {}): RecordedRun {
  const options = trainConfig([{ source: { kind: "program" }, values: { ranks: 2, ...values } }], 2);
  return {
    label,
    record: {
      apts: "1.0.0",
      backend: { name: "wasm", fingerprint: fingerprint ?? "wasm; 1 threads", threads: 1 },
      parameters: parameters ?? 100,
      options: JSON.parse(JSON.stringify(options)) as typeof options, // as read from a file
    },
  };
}

describe("the names of runs in a report", () => {
  it("are one name for runs that differ in nothing but the seed, whatever their folders", () => {
    expect(namesOf([run({ seed: 0, out: "a" }), run({ seed: 1, out: "b", checkpointEvery: 5 })])).toEqual([
      "sapts",
      "sapts",
    ]);
  });

  it.each<[string, Changes, Changes, [string, string]]>([
    ["a radius", { radius: 0.005 }, { radius: 0.01 }, ["sapts radius 0.005", "sapts radius 0.01"]],
    [
      "the number of samples",
      { trainSamples: 100 },
      { trainSamples: 200 },
      ["sapts train-samples 100", "sapts train-samples 200"],
    ],
    ["the use of all samples", {}, { trainSamples: 200 }, ["sapts", "sapts train-samples 200"]],
    ["the model", { model: "fcnn" }, { model: "cnn" }, ["sapts model fcnn", "sapts model cnn"]],
    [
      "what the model's file held",
      { model: "m.mjs", parameters: 1 },
      { model: "m.mjs", parameters: 2 },
      ["sapts 1 parameters", "sapts 2 parameters"],
    ],
    ["the layers", { hidden: [32, 32] }, { hidden: [16] }, ["sapts hidden 32,32", "sapts hidden 16"]],
    ["ranks", { ranks: 1, subdomains: 8 }, { ranks: 4, subdomains: 8 }, ["sapts ranks 1", "sapts ranks 4"]],
    [
      "ranks, where a default happens to be what the others were given",
      { ranks: 1, subdomains: 3 },
      { ranks: 3, subdomains: 3 },
      ["sapts ranks 1", "sapts ranks 3"],
    ],
    ["ranks and so subdomains", { ranks: 1 }, { ranks: 4 }, ["sapts ranks 1", "sapts ranks 4"]],
    ["subdomains", { subdomains: 2 }, { subdomains: 6 }, ["sapts subdomains 2", "sapts subdomains 6"]],
    ["a switch", { fdl: true }, { fdl: false }, ["sapts fdl", "sapts no-fdl"]],
    ["data", { data: "mnist" }, { data: "digits" }, ["sapts data mnist", "sapts data digits"]],
    ["methods alone", { method: "apts" }, { method: "sapts" }, ["apts", "sapts"]],
    [
      "methods and what all have",
      { method: "apts", data: "mnist" },
      { method: "adam", data: "digits" },
      ["apts data mnist", "adam data digits"],
    ],
    [
      "the library that multiplies",
      { fingerprint: "wasm; oneDNN; 1 threads" },
      { fingerprint: "wasm" },
      ["sapts on wasm; oneDNN", "sapts on wasm"],
    ],
    [
      "runs that their user gave one name",
      { label: "mine", radius: 0.005 },
      { label: "mine", method: "tr", radius: 0.005 },
      ["mine method sapts", "mine method tr"],
    ],
    [
      "runs that their user told apart",
      { label: "a", radius: 0.005 },
      { label: "b", radius: 0.01 },
      ["a", "b"],
    ],
  ])("tell apart %s", (_, one, other, names) => {
    expect(namesOf([run({ ...one, seed: 0 }), run({ ...other, seed: 1 })])).toEqual(names);
  });

  it("take an option that an older record lacks for its default", () => {
    const older = run({ seed: 1 });
    Reflect.deleteProperty(older.record.options, "overlap");
    expect(namesOf([run(), older])).toEqual(["sapts", "sapts"]);
  });
});

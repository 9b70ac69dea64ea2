import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfigFile } from "../../src/config/file.js";
import { choice, flag, integer, integers, number } from "../../src/config/option.js";
import { resolveOptions, splitSources, type Given } from "../../src/config/resolve.js";
import { UsageError } from "../../src/errors.js";
import { trainConfig } from "../../src/run/options/config.js";

const table = {
  ranks: integer({ min: 1, fallback: undefined, help: "" }),
  stopAtAccuracy: number({ min: 0, max: 1, fallback: undefined, help: "" }),
  hidden: integers({ min: 1, fallback: [32, 32], help: "" }),
  method: choice(["apts", "tr"], { fallback: "apts", help: "" }),
  fdl: flag({ fallback: true, help: "" }),
};

const commandLine = (values: Record<string, unknown>): Given => ({
  source: { kind: "command line" },
  values,
});
const file = (values: Record<string, unknown>): Given => ({
  source: { kind: "file", path: "a.yaml" },
  values,
});

describe("resolveOptions", () => {
  it("lets the command line win over the file, and the file over the default", () => {
    const values = resolveOptions(table, [
      commandLine({ ranks: "3" }),
      file({ ranks: 2, hidden: [8], fdl: false }),
    ]);
    expect(values).toEqual({ ranks: 3, stopAtAccuracy: undefined, hidden: [8], method: "apts", fdl: false });
  });

  it("reads names in a file as on the command line", () => {
    expect(resolveOptions(table, [file({ "stop-at-accuracy": 0.5 })]).stopAtAccuracy).toBe(0.5);
  });

  it.each([
    [{ ranks: "0" }, 'Expected --ranks to be a whole number of at least 1, got "0".'],
    [{ ranks: "two" }, 'Expected --ranks to be a whole number of at least 1, got "two".'],
    [{ ranks: "1.5" }, 'Expected --ranks to be a whole number of at least 1, got "1.5".'],
    [{ ranks: "" }, 'Expected --ranks to be a whole number of at least 1, got "".'],
    [{ stopAtAccuracy: "1.1" }, 'Expected --stop-at-accuracy to be a number from 0 to 1, got "1.1".'],
    [
      { hidden: "32,,32" },
      'Expected --hidden to be whole numbers of at least 1, separated by commas, got "32,,32".',
    ],
    [{ method: () => "tr" }, "Expected --method to be one of apts, tr, got a function."],
    [{ method: "apt" }, 'Expected --method to be one of apts, tr, got "apt".'],
  ])("refuses %j in one sentence", (values, message) => {
    expect(() => resolveOptions(table, [commandLine(values)])).toThrow(new UsageError(message));
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("does not know a key %s", (key) => {
    const given = file(JSON.parse(`{ "${key}": 2 }`) as Record<string, unknown>);
    const message = `Expected the name of an option in a.yaml, got "${key}".`;
    expect(() => resolveOptions(table, [given])).toThrow(message);
    const { inTable, others } = splitSources([given], table);
    expect(() => resolveOptions(table, inTable)).not.toThrow();
    expect(() => resolveOptions(table, others)).toThrow(message);
  });

  it("names the file and the nearest name for an unknown key", () => {
    expect(() => resolveOptions(table, [file({ rank: 2 })])).toThrow(
      'Expected the name of an option in a.yaml, got "rank". Did you mean "ranks"?',
    );
    expect(() => resolveOptions(table, [file({ somethingElse: 2 })])).toThrow(/got "somethingElse"\.$/);
    expect(() => trainConfig([file({ learning_rate: 2 })], 1)).toThrow(/Did you mean "learningRate"\?$/);
  });

  it("checks values of a source that is overruled, too", () => {
    expect(() => resolveOptions(table, [commandLine({ ranks: "3" }), file({ ranks: 0 })])).toThrow(
      /"ranks" in a.yaml/,
    );
  });
});

describe("readConfigFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "apts-config-"));
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  it("reads YAML and JSON", () => {
    expect(readConfigFile(write("a.yaml", "ranks: 2\nhidden: [8, 8]\n")).values).toEqual({
      ranks: 2,
      hidden: [8, 8],
    });
    expect(readConfigFile(write("a.json", '{"ranks": 2}')).values).toEqual({ ranks: 2 });
  });

  it.each([
    ["missing.yaml", undefined, /Expected a config file at .*missing.yaml/],
    ["bad.yaml", "ranks: [", /Expected YAML or JSON in .*bad.yaml/],
    ["twice.yaml", "a: 1\na: 2", /but: Map keys must be unique at line 2, column 1\.$/],
    ["list.yaml", "- 1", /Expected option names with values/],
  ])("%s is a UsageError", (name, content, message) => {
    const path = content === undefined ? join(folder, name) : write(name, content);
    expect(() => readConfigFile(path)).toThrow(UsageError);
    expect(() => readConfigFile(path)).toThrow(message);
  });
});

describe("trainConfig", () => {
  it("completes what is not given", () => {
    const config = trainConfig([commandLine({ ranks: "4" })], 2);
    expect(config).toMatchObject({ method: "sapts", ranks: 4, subdomains: 4, batchSize: 128, overlap: 0 });
    expect(config.batches).toBeUndefined();
    expect(config.methodOptions).toMatchObject({ fdl: true, localSteps: 1 });
    expect(config.methodOptions["judgeEvery"]).toBeUndefined();
    const fullBatch = trainConfig([commandLine({ method: "apts" })], 2);
    expect(fullBatch).toMatchObject({ ranks: 2, batches: 1, overlap: 0.01, methodOptions: { fdl: true } });
    expect(fullBatch.batchSize).toBeUndefined();
    const inBatches = trainConfig([commandLine({ batches: 4 })], 2);
    expect(inBatches).toMatchObject({ method: "sapts", batches: 4, overlap: 0.01 });
    expect(inBatches.batchSize).toBeUndefined();
  });

  it("refuses an option that the method does not have", () => {
    expect(() => trainConfig([commandLine({ method: "tr", fdl: false })], 1)).toThrow(
      /Expected options of method tr, got "fdl"/,
    );
  });
});

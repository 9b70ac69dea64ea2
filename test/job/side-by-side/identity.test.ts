import { describe, expect, it } from "vitest";
import { optionsOf } from "../../../src/job/side-by-side/identity.js";
import { methods } from "../../../src/methods/registry.js";
import { trainConfig } from "../../../src/run/options/config.js";

describe("optionsOf", () => {
  it.each(methods.map(({ name }) => name))("says all of a run by %s, as a file of options does", (method) => {
    const config = trainConfig([{ source: { kind: "program" }, values: { method, batches: 3 } }], 2);
    const values = JSON.parse(JSON.stringify(optionsOf(config))) as Record<string, unknown>;
    expect(trainConfig([{ source: { kind: "file", path: "run.json" }, values }], 1)).toEqual(config);
  });
});

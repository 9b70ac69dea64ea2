import { expect, it } from "vitest";
import { launchOptions } from "../../launcher/options.js";
import { jobOptions } from "../../src/cli/job-options.js";
import { methods } from "../../src/methods/registry.js";
import { MAY_CHANGE, trainOptions } from "../../src/run/options.js";

it("no two options of apts train have one name", () => {
  const shared = [trainOptions, jobOptions, launchOptions].map((table) => Object.keys(table));
  const ofMethods = methods.flatMap((method) => Object.keys(method.options));
  const names = [...shared.flat(), ...new Set(ofMethods)];
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

it("what a resumed run may have different are options", () => {
  expect(Object.keys(trainOptions)).toEqual(expect.arrayContaining([...MAY_CHANGE]));
});

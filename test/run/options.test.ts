import { describe, expect, it } from "vitest";
import { launchOptions } from "../../launcher/options.js";
import { jobOptions } from "../../src/job/job-options.js";
import { methods } from "../../src/methods/registry.js";
import { UsageError } from "../../src/errors.js";
import { MAY_CHANGE, trainConfig, trainOptions } from "../../src/run/options.js";

it("no two options of apts train have one name", () => {
  const shared = [trainOptions, jobOptions, launchOptions].map((table) => Object.keys(table));
  const ofMethods = methods.flatMap((method) => Object.keys(method.options));
  const names = [...shared.flat(), ...new Set(ofMethods)];
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

it("what a resumed run may have different are options", () => {
  expect(Object.keys(trainOptions)).toEqual(expect.arrayContaining([...MAY_CHANGE]));
});

describe.each(["apts", "sapts", "napts", "tr"])("the radii of %s", (method) => {
  const configure = (values: Record<string, unknown>) =>
    trainConfig([{ source: { kind: "program" }, values: { method, ...values } }], 1);

  it.each([
    [
      { radius: 0.5, maxRadius: 0.1 },
      /^Expected --radius to lie between --min-radius \(0\.0001\) and --max-radius \(0\.1\), got 0\.5\.$/,
    ],
    [{ radius: 0.5 }, /^Expected --radius to lie .* --max-radius \(0\.1\), got 0\.5\.$/],
    [{ radius: 1e-5 }, /^Expected --radius to lie between --min-radius \(0\.0001\) .*, got 0\.00001\.$/],
    [
      { minRadius: 1, maxRadius: 0.1 },
      /^Expected --min-radius to be at most --max-radius \(0\.1\), got 1\.$/,
    ],
    [{ maxRadius: 1e-3 }, /^Expected --radius to lie .* --max-radius \(0\.001\), got 0\.0/],
  ])("%o are refused by name", (values, message) => {
    expect(() => configure(values)).toThrow(UsageError);
    expect(() => configure(values)).toThrow(message);
  });

  it.each([
    { radius: 0.1, minRadius: 0.1, maxRadius: 0.1 },
    { radius: 1, maxRadius: 2 },
    { minRadius: 0 },
    {},
  ])("%o are taken", (values) => {
    expect(configure(values).methodOptions).toMatchObject(values);
  });
});

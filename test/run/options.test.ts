import { describe, expect, it } from "vitest";
import { launchOptions } from "../../launcher/options.js";
import { jobOptions } from "../../src/job/job-options.js";
import { methods } from "../../src/methods/registry.js";
import { UsageError } from "../../src/errors.js";
import { trainConfig } from "../../src/run/options/config.js";
import { MAY_CHANGE, trainOptions } from "../../src/run/options/table.js";

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
    [{ radius: 0.05, maxRadius: 1e-3 }, /^Expected --radius to lie .* --max-radius \(0\.001\), got 0\.05/],
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

it.each(["apts", "sapts"])(
  "the first radius of %s, where none is given, lies within the bounds",
  (method) => {
    const values = { method, maxRadius: 1e-3 };
    expect(() => trainConfig([{ source: { kind: "program" }, values }], 1)).not.toThrow();
  },
);

it.each(["napts", "tr"])("the first radius of %s is refused where the largest is below it", (method) => {
  const values = { method, maxRadius: 1e-3 };
  expect(() => trainConfig([{ source: { kind: "program" }, values }], 1)).toThrow(
    /^Expected --radius to lie .* --max-radius \(0\.001\), got 0\.0/,
  );
});

describe("--preset published", () => {
  const configured = (...sources: Record<string, unknown>[]) =>
    trainConfig(
      sources.map((values) => ({ source: { kind: "command line" }, values })),
      1,
    ).methodOptions;
  /** TCKK23 §3.1 */
  const paper = {
    direction: "gradient",
    radius: 0.01,
    grow: 2,
    minRadius: 1e-4,
    maxRadius: 0.1,
    tryLonger: false,
  };

  it.each([
    ["apts", { ...paper, localSteps: 5, fdl: true }],
    ["sapts", { ...paper, localSteps: 5, fdl: false }],
    ["tr", paper],
  ])("gives %s the values of the paper", (method, values) => {
    expect(configured({ method, preset: "published" })).toMatchObject(values);
  });

  it("yields to what is given beside it or before, and not to what comes after", () => {
    expect(configured({ method: "apts", preset: "published", grow: "3" })).toMatchObject({
      grow: 3,
      radius: 0.01,
    });
    expect(configured({ grow: "3" }, { preset: "published", radius: "0.02" })).toMatchObject({
      grow: 3,
      radius: 0.02,
      localSteps: 5,
    });
    expect(configured({ preset: "published" }, { grow: "3" })).toMatchObject({ grow: 2 });
  });

  it("is refused by another name, and by methods of no paper", () => {
    expect(() => configured({ preset: "new" })).toThrow(
      'Expected --preset to be one of published, got "new".',
    );
    expect(() => configured({ method: "adam", radius: "0.1" })).toThrow(
      'got "radius", which it does not have (apts, sapts, napts, iapts, apts-d, tr do).',
    );
    expect(() => configured({ method: "napts", preset: "published" })).toThrow(
      'Expected options of method napts, got "preset", which it does not have (apts, sapts, iapts, apts-d, tr do).',
    );
  });
});

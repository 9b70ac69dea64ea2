import { basename, extname } from "node:path";
import { combinations } from "../config/combinations.js";
import { readConfigFile } from "../config/file.js";
import { mapping, mappings } from "../config/mapping.js";
import { text, type OptionTable } from "../config/option.js";
import { camel, resolveOptions } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { valuesOf } from "./values.js";

type Values = Readonly<Record<string, unknown>>;

/** One run as the file asks for it. */
export interface Entry {
  /** Options that differ among the runs, by name. */
  readonly varied: Values;
  /** All that the file says of it. */
  readonly options: Values;
}

/** What a sweep's file says, checked as far as it goes without knowing the options. */
export interface Sweep {
  readonly name: string;
  readonly entries: readonly Entry[];
}

const sweepTable = {
  name: text({ fallback: undefined, placeholder: "NAME", help: "of the sweep (default: that of the file)" }),
  method: text({ fallback: "grid", placeholder: "NAME", help: "how values are chosen: all of them" }),
  base: mapping("options of all runs"),
  parameters: mapping("values of options, of which all combinations are run"),
  runs: mappings("options of single runs, each of which meets all combinations"),
} satisfies OptionTable;

/** Keys of other programs' sweep files that mean what apts does not do. */
const FOREIGN: Readonly<Record<string, string>> = {
  program: "apts train is what runs",
  command: "apts train is what runs",
  metric: "every combination is run, whatever it comes to",
  early_terminate: "every run goes to its end; patience and stopAt of base end one",
  run_cap: "every combination is run",
  project: "results stay in the folder of the sweep",
  entity: "results stay in the folder of the sweep",
  description: "a comment says as much",
};

/** More runs than these are a slip of the grid. */
const MOST = 100_000;

/**
 * Reads a sweep's YAML or JSON file: its entries in their order, those of one seed together.
 * @throws UsageError for what is not as it should be, by name
 */
export function readSweep(file: string): Sweep {
  const given = readConfigFile(file);
  for (const key of Object.keys(given.values)) {
    if (!Object.hasOwn(FOREIGN, key)) continue;
    throw new UsageError(`Expected no "${key}" in ${file}: ${FOREIGN[key]!}. Leave it out.`);
  }
  const { name, method, base, parameters, runs } = resolveOptions(sweepTable, [given]);
  if (method !== "grid") throw ofMethod(method, file);
  if (name !== undefined && (/[/\\]/.test(name) || /^\.+$/.test(name))) {
    throw new UsageError(
      `Expected name in ${file} to be that of a folder in runs/, got "${name}". Say --out.`,
    );
  }
  const grid = gridOf(parameters, `parameters of ${file}`);
  const sets = runs.length > 0 ? runs.map((one, index) => setOf(one, index, grid, file)) : [{ grid }];
  const count = sets.reduce((sum, set) => sum + sizeOf(set.grid), 0);
  if (count > MOST) throw new UsageError(`Expected at most ${MOST} runs in ${file}, got ${count}.`);
  const entries = sets.flatMap((set) =>
    combinations(set.grid).map((chosen) => {
      const varied = { ...("fixed" in set ? set.fixed : {}), ...chosen };
      return { varied, options: { ...camelled(base ?? {}), ...varied } };
    }),
  );
  return { name: name ?? basename(file, extname(file)), entries: bySeed(entries) };
}

function ofMethod(method: string, file: string): UsageError {
  return new UsageError(
    ["random", "bayes"].includes(method)
      ? `Expected method of ${file} to be grid, got "${method}": apts runs every combination and draws none. Say method: grid, and values.`
      : `Expected method of ${file} to be grid, got "${method}". A method of training stands in base or in parameters.`,
  );
}

type Grid = Readonly<Record<string, readonly unknown[]>>;

function gridOf(parameters: Values | undefined, where: string): Grid {
  const grid: Record<string, readonly unknown[]> = {};
  for (const [written, value] of Object.entries(parameters ?? {})) {
    if (Object.hasOwn(grid, camel(written))) throw twice(written, where);
    grid[camel(written)] = valuesOf(value, `"${written}" in ${where}`);
  }
  return grid;
}

/** An entry of runs: fixed options, and under `parameters` combinations of its own beside those of all. */
function setOf(one: Values, index: number, common: Grid, file: string): { fixed: Values; grid: Grid } {
  const where = `run ${index + 1} of ${file}`;
  const { parameters, ...options } = one;
  const fixed = camelled(options);
  const own = gridOf(mapping("").parse(parameters ?? {}, `parameters of ${where}`), `parameters of ${where}`);
  for (const name of Object.keys(fixed)) if (Object.hasOwn(own, name)) throw twice(name, where);
  for (const name of [...Object.keys(fixed), ...Object.keys(own)]) {
    if (Object.hasOwn(common, name)) throw twice(name, `${where} and parameters of all runs together`);
  }
  return { fixed, grid: { ...own, ...common } };
}

function twice(name: string, where: string): UsageError {
  return new UsageError(`Expected "${name}" once in ${where}, got it twice. Leave one of them out.`);
}

function camelled(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
}

function sizeOf(grid: Grid): number {
  return Object.values(grid).reduce((size, values) => size * values.length, 1);
}

/** Those of one seed one after the other, so that what else the machine does meets all alike, and pictures fill evenly. */
function bySeed(entries: readonly Entry[]): Entry[] {
  const seeds = [...new Set(entries.map(({ options }) => String(options["seed"])))];
  return seeds.flatMap((seed) => entries.filter(({ options }) => String(options["seed"]) === seed));
}

import { expectChoices } from "../config/combinations.js";
import { text, type OptionTable } from "../config/option.js";
import { camel, resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { CUTS } from "../run/options/config.js";
import { refuseOfProblem } from "./left-open.js";
import { mapping, partOf } from "../config/mapping.js";

/** A method with its options, fixed but for those that are searched. */
export interface Entry {
  readonly name: string;
  /** That says it, for messages. */
  readonly file: string;
  readonly options: Given;
  /** Options to choose from the product of these values; none: one fixed configuration. */
  readonly search: Readonly<Record<string, readonly unknown[]>>;
}

const entryTable = {
  method: text({ fallback: undefined, placeholder: "NAME|FILE", help: "default: the name of the entry" }),
  search: mapping("values of options to try"),
} satisfies OptionTable;

/** @throws UsageError for what is not as it should be, by name */
export function entryOf(name: string, values: Readonly<Record<string, unknown>>, file: string): Entry {
  const where = `method ${name} of ${file}`;
  const { inTable, others } = splitSources([partOf(where, values)], entryTable);
  const { method = name, search } = resolveOptions(entryTable, inTable);
  const [own] = others;
  refuseOfProblem(own!);
  const options = partOf(where, { ...own!.values, method });
  return {
    name,
    file,
    options,
    search: search ? searchOf(partOf(`the search of ${where}`, search), where, options) : {},
  };
}

function searchOf(search: Given, where: string, { values: fixed }: Given): Entry["search"] {
  const written = Object.keys(search.values);
  if (written.length === 0)
    throw new UsageError(`Expected options to try in the search of ${where}, got none.`);
  refuseOfProblem(search);
  const taken = new Set(Object.keys(fixed).map(camel));
  for (const option of written) {
    if (taken.has(camel(option)))
      throw new UsageError(
        `Expected "${option}" of ${where} once, fixed or in the search, got it twice. Leave one of them out.`,
      );
    taken.add(camel(option));
  }
  if (CUTS.every((option) => taken.has(option)))
    throw new UsageError(
      `Expected either ${CUTS.join(" or ")} of ${where}, fixed or in the search, got both. Leave one of them out.`,
    );
  return Object.fromEntries(
    Object.entries(search.values).map(([option, values]) => [camel(option), valuesOf(option, values, where)]),
  );
}

function valuesOf(option: string, values: unknown, where: string): readonly unknown[] {
  const what = `"${option}" in the search of ${where}`;
  if (!Array.isArray(values) || values.length === 0)
    throw new UsageError(`Expected a list of values for ${what}, got ${JSON.stringify(values)}.`);
  expectChoices(values, what);
  return values;
}

import type { Option } from "./option.js";
import type { Given } from "./resolve.js";
import { UsageError } from "../errors.js";

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Values by name, as they stand in a file. */
export function mapping(help: string): Option<Mapping | undefined> {
  return {
    help,
    placeholder: undefined,
    fallback: undefined,
    expected: "names with values",
    parse(value, label) {
      if (isMapping(value)) return value;
      throw new UsageError(`Expected ${label} to be names with values, got ${JSON.stringify(value)}.`);
    },
  };
}

/** A list of such. */
export function mappings(help: string): Option<readonly Mapping[]> {
  return {
    help,
    placeholder: undefined,
    fallback: [],
    expected: "a list of names with values",
    parse(value, label) {
      if (Array.isArray(value) && value.every(isMapping)) return value;
      throw new UsageError(
        `Expected ${label} to be a list of names with values, got ${JSON.stringify(value)}.`,
      );
    },
  };
}

/** What is in a part of a file, whose place messages name: "budget of workload mnist of arena.yaml". */
export function partOf(path: string, values: Mapping | undefined): Given {
  return { source: { kind: "file", path }, values: values ?? {} };
}

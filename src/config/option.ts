import { UsageError } from "../errors.js";

/**
 * One option, declared once: the command line, the config file, the library and the documentation read it here.
 * `parse` takes what any of them gives (text from a command line, a value from YAML, JSON or a program) and returns
 * the value or throws a UsageError that names the option as its user wrote it (`label`).
 */
export interface Option<T> {
  readonly help: string;
  /** What stands for the value in the help: `N`, `FILE`; undefined for a switch. */
  readonly placeholder: string | undefined;
  /** Undefined: no value unless given. */
  readonly fallback: T;
  /** Values, where they are few. */
  readonly choices?: readonly string[];
  /** The range in words: "a whole number of at least 1". */
  readonly expected: string;
  /** Heading it stands under in the help of its command. */
  readonly group?: string;
  parse(value: unknown, label: string): T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
/** The values of a table's options. */
export type ValuesOf<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** The same options, to stand together under `heading` in the help. */
export function inGroup<T extends OptionTable>(heading: string, table: T): T {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, { ...option, group: heading }]),
  ) as T;
}

function fail(label: string, expected: string, value: unknown): never {
  const shown =
    typeof value === "string"
      ? `"${value}"`
      : typeof value === "function"
        ? "a function"
        : JSON.stringify(value);
  throw new UsageError(`Expected ${label} to be ${expected}, got ${shown}.`);
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

function within({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
}

export function number<F extends number | undefined>(
  spec: Range & { help: string; fallback: F; placeholder?: string; whole?: boolean },
): Option<number | F> {
  const { min = -Infinity, max = Infinity, whole = false } = spec;
  const expected = `a ${whole ? "whole number" : "number"}${within(spec)}`;
  return {
    help: spec.help,
    placeholder: spec.placeholder ?? (whole ? "N" : "X"),
    fallback: spec.fallback,
    expected,
    parse(value, label) {
      const parsed = toNumber(value);
      const fits = Number.isFinite(parsed) && parsed >= min && parsed <= max;
      return fits && (!whole || Number.isInteger(parsed)) ? parsed : fail(label, expected, value);
    },
  };
}

export function integer<F extends number | undefined>(
  spec: Range & { help: string; fallback: F; placeholder?: string },
): Option<number | F> {
  return number({ ...spec, whole: true });
}

/** Whole numbers, comma separated on the command line, an array elsewhere. */
export function integers<F extends readonly number[] | undefined>(
  spec: Range & { help: string; fallback: F; placeholder?: string },
): Option<readonly number[] | F> {
  const each = integer({ ...spec, fallback: 0 });
  const expected = `whole numbers${within(spec)}, separated by commas`;
  return {
    help: spec.help,
    placeholder: spec.placeholder ?? "N,N",
    fallback: spec.fallback,
    expected,
    parse(value, label) {
      const items: unknown[] = Array.isArray(value) ? value : String(value).split(",");
      return items.map((item) => {
        try {
          return each.parse(item, label);
        } catch {
          return fail(label, expected, value);
        }
      });
    },
  };
}

export function choice<const C extends readonly string[], F extends C[number] | undefined>(
  choices: C,
  spec: { help: string; fallback: F },
): Option<C[number] | F> {
  const expected = `one of ${choices.join(", ")}`;
  return {
    ...spec,
    placeholder: "NAME",
    choices,
    expected,
    parse: (value, label) => choices.find((name) => name === value) ?? fail(label, expected, value),
  };
}

/** Some of a few names, comma separated on the command line, an array elsewhere; `none` where it shall be none of them. */
export function names<const C extends readonly string[]>(
  choices: C,
  spec: { help: string; fallback: readonly C[number][] },
): Option<readonly C[number][]> {
  const expected = `one or more of ${choices.join(", ")}, separated by commas, or none`;
  return {
    ...spec,
    placeholder: "NAME,NAME",
    choices: [...choices, "none"],
    expected,
    parse(value, label) {
      if (value === "none") return [];
      const items: unknown[] = Array.isArray(value) ? value : String(value).split(",");
      const found = choices.filter((name) => items.includes(name));
      return found.length === items.length ? found : fail(label, expected, value);
    },
  };
}

export function text<F extends string | undefined>(spec: {
  help: string;
  fallback: F;
  placeholder: string;
}): Option<string | F> {
  const expected = "a non-empty text";
  return {
    ...spec,
    expected,
    parse: (value, label) =>
      typeof value === "string" && value !== "" ? value : fail(label, expected, value),
  };
}

/** A switch: `--name` or `--no-name`. */
export function flag<F extends boolean | undefined>(spec: {
  help: string;
  fallback: F;
}): Option<boolean | F> {
  const expected = "true or false";
  return {
    ...spec,
    placeholder: undefined,
    expected,
    parse: (value, label) => (typeof value === "boolean" ? value : fail(label, expected, value)),
  };
}

/** camelCase → kebab-case: `stopAtAccuracy` → `stop-at-accuracy`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

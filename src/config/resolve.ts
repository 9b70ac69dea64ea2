import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "../errors.js";
import { kebab, type OptionTable, type ValuesOf } from "./option.js";

/** Where a value came from, which is how messages name it. */
type Source =
  | { readonly kind: "command line" }
  | {
      readonly kind: "file";
      readonly path: string;
      /** Of a run: all its options are there. */ readonly isRecord?: true;
    }
  | { readonly kind: "program" };

/** What one source gives, by option name (camelCase; a file may also write names as on the command line). */
export interface Given {
  readonly source: Source;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Every option's value: the first source that gives one wins, then the default.
 * @param others names that are known elsewhere, which a misspelt one may be meant to be
 * @throws UsageError for unknown names, with the nearest known one, and for values out of range
 */
export function resolveOptions<T extends OptionTable>(
  table: T,
  sources: readonly Given[],
  others: readonly string[] = [],
): ValuesOf<T> {
  const resolved: Record<string, unknown> = {};
  for (const { source, values } of sources) {
    for (const [written, value] of Object.entries(values)) {
      const name = camel(written);
      // Every object has a "constructor" and a "toString" beside its own.
      const option = Object.hasOwn(table, name) ? table[name] : undefined;
      if (option === undefined) throw unknownName([...Object.keys(table), ...others], written, source);
      if (value === undefined || value === null) continue;
      const parsed = option.parse(value, labelOf(name, written, source));
      resolved[name] ??= parsed;
    }
  }
  for (const [name, option] of Object.entries(table)) resolved[name] ??= option.fallback;
  return resolved as ValuesOf<T>;
}

/** Splits what each source gives between the options of `table` and all else. */
export function splitSources(
  sources: readonly Given[],
  table: OptionTable,
): { readonly inTable: Given[]; readonly others: Given[] } {
  const pick = (wanted: boolean): Given[] =>
    sources.map(({ source, values }) => ({
      source,
      values: Object.fromEntries(
        Object.entries(values).filter(([name]) => Object.hasOwn(table, camel(name)) === wanted),
      ),
    }));
  return { inTable: pick(true), others: pick(false) };
}

/** kebab-case → camelCase, as options are called in programs. */
export function camel(written: string): string {
  return written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function labelOf(name: string, written: string, source: Source): string {
  switch (source.kind) {
    case "command line":
      return `--${kebab(name)}`;
    case "file":
      return `"${written}" in ${source.path}`;
    case "program":
      return `option "${written}"`;
    default:
      return source satisfies never;
  }
}

function unknownName(known: readonly string[], written: string, source: Source): UsageError {
  // A file may have either spelling.
  const isCamel = source.kind === "program" || (source.kind === "file" && !written.includes("-"));
  const names = known.map((name) => (isCamel ? name : kebab(name)));
  const nearest = closest(written, names);
  const near = distance(written, nearest) <= Math.max(2, written.length / 3);
  const where = source.kind === "file" ? ` in ${source.path}` : "";
  return new UsageError(
    `Expected the name of an option${where}, got "${written}".${near ? ` Did you mean "${nearest}"?` : ""}`,
  );
}

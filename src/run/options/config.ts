import type { OptionTable, ValuesOf } from "../../config/option.js";
import { resolveOptions, splitSources, type Given } from "../../config/resolve.js";
import type { MethodDescription } from "../../methods/description.js";
import { methodNamed, type MethodOptions } from "../../methods/registry.js";
import { expectOwnNames, refuseOthers, tableOf, withPresets } from "./of-methods.js";
import { trainOptions } from "./table.js";

/** What a program may give of a table's options. */
export type PartOf<T extends OptionTable> = {
  readonly [Name in keyof T]?: ValuesOf<T>[Name] | undefined;
};

/** What a program may give of the options of a run and of its method. */
export type RunOptions = PartOf<typeof trainOptions> & MethodOptions;

/** What a record calls data or a model that the program which started the run held in memory. */
export const IN_MEMORY = "memory";

/** A complete, checked description of a training run: what `config.json` records. */
export interface TrainConfig extends Omit<ValuesOf<typeof trainOptions>, "ranks" | "subdomains" | "batches"> {
  readonly ranks: number;
  readonly subdomains: number;
  readonly batches: number;
  /** What the method calls itself: `method` may be the path of a module. */
  readonly methodName: string;
  /** SHA-256 of that module. */
  readonly methodModule: string | undefined;
  readonly methodOptions: Readonly<Record<string, unknown>>;
}

/**
 * Checks and completes what the sources give; the first source wins.
 * @param method the one that the sources name, where that is a user's own
 * @throws UsageError
 */
export function trainConfig(
  sources: readonly Given[],
  defaultRanks: number,
  method: MethodDescription = methodNamed(nameOfMethod(sources)),
): TrainConfig {
  expectOwnNames(method, trainOptions);
  refuseOthers(method, sources);
  const all = { ...trainOptions, ...tableOf(method) };
  const values = resolveOptions(all, withPresets(method, sources)) as ValuesOf<typeof trainOptions> &
    Record<string, unknown>;
  const pick = (names: OptionTable) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, values[name]]));
  const methodOptions = pick(method.options);
  method.check?.(methodOptions);
  const ranks = values.ranks ?? defaultRanks;
  return {
    ...(pick(trainOptions) as ValuesOf<typeof trainOptions>),
    ranks,
    subdomains: values.subdomains ?? ranks,
    batches: values.batches ?? method.batches,
    methodName: method.name,
    methodModule: method.module,
    methodOptions,
  };
}

/** The name or path of the method that sources ask for. */
export function nameOfMethod(sources: readonly Given[]): string {
  const table = { method: trainOptions.method };
  return resolveOptions(table, splitSources(sources, table).inTable).method;
}

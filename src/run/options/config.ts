import type { OptionTable, ValuesOf } from "../../config/option.js";
import { camel, resolveOptions, splitSources, type Given } from "../../config/resolve.js";
import { UsageError } from "../../errors.js";
import type { MethodDescription } from "../../methods/description.js";
import { methodNamed, type MethodOptions } from "../../methods/registry.js";
import {
  expectOwnNames,
  optionsOfMethods,
  refuseOthers,
  refuseUnused,
  tableOf,
  unusedBy,
  withPresets,
} from "./of-methods.js";
import { OVERLAP } from "./of-run.js";
import { stagesOf } from "./stages.js";
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
export interface TrainConfig extends Omit<
  ValuesOf<typeof trainOptions>,
  "ranks" | "stages" | "subdomains" | "overlap"
> {
  readonly ranks: number;
  /** 1: the network is whole on every rank. */
  readonly stages: number;
  readonly subdomains: number;
  /** Undefined where `batchSize` says it. */
  readonly batches: number | undefined;
  readonly overlap: number;
  /** What the method calls itself: `method` may be the path of a module. */
  readonly methodName: string;
  /** SHA-256 of that module. */
  readonly methodModule: string | undefined;
  readonly methodOptions: Readonly<Record<string, unknown>>;
  /** Subdomains are shards of the samples, not of the parameters. */
  readonly shards?: true;
  /** Names of options that the method has no use for. */
  readonly unused: readonly string[];
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
  refuseUnused(method, sources);
  const all = { ...trainOptions, ...tableOf(method) };
  const others = Object.keys(optionsOfMethods);
  const values = resolveOptions(all, withPresets(method, firstCuts(sources)), others) as ValuesOf<
    typeof trainOptions
  > &
    Record<string, unknown>;
  const pick = (names: OptionTable) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, values[name]]));
  const methodOptions = pick(method.options);
  method.check?.(methodOptions);
  const ranks = values.ranks ?? defaultRanks;
  const stages = stagesOf(values, method, ranks);
  const batchSize = values.batchSize ?? (values.batches === undefined ? method.batchSize : undefined);
  return {
    ...(pick(trainOptions) as ValuesOf<typeof trainOptions>),
    ranks,
    stages,
    subdomains: values.subdomains ?? (stages > 1 ? stages : ranks),
    batches: batchSize === undefined ? (values.batches ?? method.batches) : undefined,
    batchSize,
    overlap: values.overlap ?? (batchSize === undefined ? OVERLAP : 0),
    methodName: method.name,
    methodModule: method.module,
    methodOptions,
    ...(method.shards && { shards: true }),
    unused: unusedBy(method),
  };
}

/** The options of every run, without its method's and without what that says of itself. */
export function ofEveryRun({
  methodName,
  methodModule,
  methodOptions,
  shards,
  unused,
  ...options
}: TrainConfig): Omit<TrainConfig, "methodName" | "methodModule" | "methodOptions" | "shards" | "unused"> {
  return options;
}

/** How the training set is cut. */
export interface Cut {
  /** Mini-batches of a pass over the training set; 1: the full batch. */
  readonly batches: number;
  readonly batchesPerEpoch: number;
}

/** @param samples that are trained on */
export function cutOf(
  { batches, batchSize, batchesPerEpoch }: Pick<TrainConfig, "batches" | "batchSize" | "batchesPerEpoch">,
  samples: number,
): Cut {
  const ofPass = batchSize === undefined ? batches! : Math.ceil(samples / batchSize);
  return { batches: ofPass, batchesPerEpoch: batchesPerEpoch ?? ofPass };
}

/** Options of which one says how a pass is cut into mini-batches. */
export const CUTS = ["batches", "batchSize"];

/**
 * The sources without what one before them says otherwise: a size of mini-batches overrules their number.
 * @throws UsageError where one source says both
 */
function firstCuts(sources: readonly Given[]): Given[] {
  let isSaid = false;
  return sources.map(({ source, values }) => {
    const said = Object.keys(values).filter(
      (name) => CUTS.includes(camel(name)) && (values[name] ?? undefined) !== undefined,
    );
    if (said.length > 1) throw new UsageError("Expected either --batches or --batch-size, got both.");
    const overruled = isSaid ? said : [];
    isSaid ||= said.length > 0;
    const kept = Object.entries(values).filter(([name]) => !overruled.includes(name));
    return { source, values: Object.fromEntries(kept) };
  });
}

/** The name or path of the method that sources ask for. */
export function nameOfMethod(sources: readonly Given[]): string {
  const table = { method: trainOptions.method };
  return resolveOptions(table, splitSources(sources, table).inTable).method;
}

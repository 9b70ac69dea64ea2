import { computeOptions } from "../compute/options.js";
import { communicationOptions } from "../config/communication.js";
import { HELP } from "../config/help-groups.js";
import {
  choice,
  flag,
  inGroup,
  integer,
  integers,
  number,
  text,
  type Option,
  type OptionTable,
  type ValuesOf,
} from "../config/option.js";
import { resolveOptions, type Given } from "../config/resolve.js";
import { DATA_NAMES } from "../data/sources.js";
import { UsageError } from "../errors.js";
import { METHOD_NAMES, methodNamed, methods, type MethodOptions } from "../methods/registry.js";
import { MODEL_NAMES } from "../network/models/names.js";

export const DECOMPOSITIONS = ["tensors", "layers", "neurons"] as const;

const runOptions = inGroup(HELP.run, {
  method: choice(METHOD_NAMES, { fallback: "apts", help: "how to train" }),
  epochs: integer({ min: 1, max: 1_000_000_000, fallback: 20, help: "passes over the training set" }),
  batches: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: "mini-batches an epoch (default: the method's)",
  }),
  overlap: number({
    min: 0,
    max: 1,
    fallback: 0.01,
    help: "share of every other mini-batch that each one repeats",
  }),
  seed: integer({ min: 0, max: 2 ** 32 - 1, fallback: 0, help: "seed of everything random" }),
  stopAtAccuracy: number({
    min: 0,
    max: 1,
    fallback: undefined,
    help: "end when test accuracy reaches this share",
  }),
  tolerance: number({
    min: 0,
    fallback: 1e-6,
    help: "full batch: end when no component of the gradient is larger",
  }),
});

const dataOptions = inGroup(HELP.data, {
  data: choice(DATA_NAMES, { fallback: "digits", help: "what to train on" }),
  dataDir: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "where the data files are (else APTS_DATA_DIR, else the cache)",
  }),
  trainSamples: integer({
    min: 1,
    fallback: undefined,
    help: "use the first N training samples (default: all)",
  }),
  testSamples: integer({ min: 1, fallback: undefined, help: "use the first N test samples (default: all)" }),
});

const modelOptions = inGroup(HELP.model, {
  model: text({
    fallback: "fcnn",
    placeholder: "NAME|FILE",
    help: `${MODEL_NAMES.join(", ")}, a model.json, or a module that exports createModel`,
  }),
  hidden: integers({
    min: 1,
    max: 1_000_000,
    fallback: [32, 32],
    help: "widths of the hidden layers of fcnn and cnn",
  }),
  channels: integers({
    min: 1,
    max: 1_000_000,
    fallback: [16, 32],
    help: "channels of the convolutions of cnn",
  }),
  ghostBatch: integer({
    min: 2,
    max: 1_000_000,
    fallback: 256,
    placeholder: "SAMPLES",
    help: "batch normalisation takes its statistics over groups of so many samples at most",
  }),
  standardise: flag({
    fallback: undefined,
    help: "inputs of mean 0 and deviation 1, which the trained model then sees to itself (default: where the network is built in, or a module's)",
  }),
});

const decompositionOptions = inGroup(HELP.method, {
  subdomains: integer({
    min: 1,
    max: 1_000_000,
    fallback: undefined,
    help: "subdomains (default: as many as ranks)",
  }),
  decomposition: choice(DECOMPOSITIONS, {
    fallback: "tensors",
    help: "how parameters are split in subdomains",
  }),
});

const rankOptions = inGroup(HELP.ranks, {
  ranks: integer({ min: 1, max: 4096, fallback: undefined, help: "processes (default: one for each core)" }),
  ...computeOptions,
  threads: integer({
    min: 1,
    max: 1024,
    fallback: undefined,
    help: "threads of a rank (default: cores / ranks on the host)",
  }),
  memory: integer({
    min: 1,
    max: 1_000_000,
    fallback: 2048,
    placeholder: "MB",
    help: "what a rank's intermediate results may take",
  }),
  timeout: number({
    min: 1,
    max: 86_400,
    fallback: 300,
    placeholder: "SECONDS",
    help: "deadline of a communication call",
  }),
  ...communicationOptions,
});

const folderOptions = inGroup(HELP.folder, {
  out: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "run folder to make (default: runs/METHOD-DATA-TIME)",
  }),
  checkpointEvery: integer({
    min: 1,
    max: 1_000_000_000,
    fallback: undefined,
    help: "write a checkpoint after every N epochs (default: every one, as long as that takes little time)",
  }),
  checkpointMinutes: number({
    min: 0.001,
    fallback: 10,
    placeholder: "MINUTES",
    help: "write one within an epoch, too, when the last is this old",
  }),
  keepCheckpoints: integer({ min: 1, max: 1_000_000, fallback: 3, help: "keep the last K checkpoints" }),
  profile: flag({ fallback: false, help: "write a CPU profile of each rank, rank-R.cpuprofile" }),
});

/** What `apts train` takes, beside the options of the method. */
export const trainOptions = {
  ...runOptions,
  ...dataOptions,
  ...modelOptions,
  ...decompositionOptions,
  ...rankOptions,
  ...folderOptions,
} satisfies OptionTable;

/**
 * What a resumed run may have different: none of it changes what is solved, or how. Where another backend, another
 * library or other chunks change the last bits, the run says so.
 */
export const MAY_CHANGE: ReadonlySet<string> = new Set([
  "ranks",
  "epochs",
  "stopAtAccuracy",
  "tolerance",
  "backend",
  "blas",
  "memory",
  "threads",
  "timeout",
  "insecure",
  "sharedMemory",
  "out",
  "dataDir", // the samples are compared
  "model", // the layers are compared
  "checkpointEvery",
  "checkpointMinutes",
  "keepCheckpoints",
  "profile",
] satisfies (keyof typeof trainOptions)[]);

/** Every option of every method, without defaults: those are the chosen method's own. */
const optionsOfMethods: Readonly<Record<string, Option<unknown>>> = Object.fromEntries(
  methods.flatMap((method) =>
    Object.entries(method.options).map(([name, option]) => [
      name,
      { ...option, group: HELP.method, fallback: undefined, help: `${option.help} (${defaultsOf(name)})` },
    ]),
  ),
);

/** "apts true, sapts false": which methods know the option, and their defaults. */
function defaultsOf(name: string): string {
  return methods
    .flatMap((method) =>
      name in method.options ? [`${method.name}: ${String(method.options[name]!.fallback)}`] : [],
    )
    .join(", ");
}

const taken = Object.keys(optionsOfMethods).find((name) => name in trainOptions);
if (taken !== undefined) throw new Error(`The option "${taken}" of a method hides one of every run.`);

/** All of it: what a command line or a config file may name. */
export const allTrainOptions: OptionTable = { ...trainOptions, ...optionsOfMethods };

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
  "data" | "ranks" | "subdomains" | "batches"
> {
  readonly data: ValuesOf<typeof trainOptions>["data"] | typeof IN_MEMORY;
  readonly ranks: number;
  readonly subdomains: number;
  readonly batches: number;
  readonly methodOptions: Readonly<Record<string, unknown>>;
}

/**
 * Checks and completes what the sources give; the first source wins.
 * @throws UsageError
 */
export function trainConfig(sources: readonly Given[], defaultRanks: number): TrainConfig {
  const { ...values } = resolveOptions(allTrainOptions, sources) as ValuesOf<typeof trainOptions> &
    Record<string, unknown>;
  const method = methodNamed(values.method);
  const methodOptions: Record<string, unknown> = {};
  for (const name of Object.keys(optionsOfMethods)) {
    const known = method.options[name];
    if (known) methodOptions[name] = values[name] ?? known.fallback;
    else if (values[name] !== undefined) {
      throw new UsageError(
        `Expected options of method ${method.name}, got "${name}", which it does not have (${defaultsOf(name)} do).`,
      );
    }
  }
  method.check?.(methodOptions);
  const ranks = values.ranks ?? defaultRanks;
  const common = Object.fromEntries(
    Object.keys(trainOptions).map((name) => [name, values[name]]),
  ) as ValuesOf<typeof trainOptions>;
  return {
    ...common,
    ranks,
    subdomains: values.subdomains ?? ranks,
    batches: values.batches ?? method.batches,
    methodOptions,
  };
}

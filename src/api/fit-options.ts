import type { GivenFields } from "../data/given-fields.js";
import { describe } from "../data/arrays.js";
import { UsageError } from "../errors.js";
import type { MethodOptions } from "../methods/registry.js";
import type { ClassWeights } from "./fit-data.js";
import type { GivenStream } from "./given-stream.js";
import type { FitCallback } from "./keras-callbacks.js";
import type { OwnMethodRequest, TrainRequest } from "./train.js";

/** What `fit` takes beside the options of a run, of samples in memory and of datasets. */
interface CommonOptions {
  /** The index of the last epoch: `epochs` − `initialEpoch` are made; default: 1. */
  readonly epochs?: number | undefined;
  /** What the first epoch is called; default: 0. */
  readonly initialEpoch?: number | undefined;
  /** Samples of a mini-batch, at most; default: as many mini-batches as the method wants, the full batch for `apts`. */
  readonly batchSize?: number | undefined;
  /** Mini-batches an epoch of passes that go on from epoch to epoch; default: a pass. A dataset may then be without end. */
  readonly batchesPerEpoch?: number | undefined;
  /** Whether mini-batches are drawn anew each pass; else they hold the samples in their order. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** What the samples of each class count, by its number. */
  readonly classWeight?: ClassWeights | undefined;
  /** What each output's loss counts in the sum; default: 1. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | undefined;
  readonly callbacks?: FitCallback | readonly FitCallback[] | undefined;
}

/** Of samples in memory. */
interface SampleOptions extends CommonOptions {
  /** `[x, y]` to measure with after every epoch. */
  readonly validationData?: readonly [x: GivenFields, y: GivenFields] | undefined;
  /** What each sample counts, or each step of one: (count) or (count, steps). */
  readonly sampleWeight?: GivenFields | undefined;
}

/** Of a dataset: its batches are the mini-batches where no `batchSize` is given. */
interface DatasetOptions extends CommonOptions {
  /** The same as `batchesPerEpoch`, as Keras calls it. */
  readonly stepsPerEpoch?: number | undefined;
  /** `[x, y]` or a dataset, which is kept in memory, to measure with after every epoch. */
  readonly validationData?: readonly [x: GivenFields, y: GivenFields] | GivenStream | undefined;
  /** How many batches of the latter; default: all. */
  readonly validationBatches?: number | undefined;
}

type RunPart = Omit<TrainRequest, "model" | "data" | keyof CommonOptions>;
/** A method of one's own, which has options of its own. */
interface OwnMethodPart {
  readonly method: OwnMethodRequest["method"];
  readonly [option: string]: unknown;
}
type NotOfDatasets = "validationSplit" | "batches" | "overlap" | "resume" | "autoResume" | "maxRestarts";

/** What `fit` takes: what Keras' does, and every option of a run. */
export interface FitOptions extends RunPart, SampleOptions {}

/** The same with a method of one's own. */
export interface OwnMethodFitOptions
  extends Omit<FitOptions, "method" | keyof MethodOptions>, OwnMethodPart {}

/** What `fit` takes with a dataset. */
export interface FitDatasetOptions extends Omit<RunPart, NotOfDatasets>, DatasetOptions {}

/** The same with a method of one's own. */
export interface OwnMethodFitDatasetOptions
  extends Omit<FitDatasetOptions, "method" | keyof MethodOptions>, OwnMethodPart {}

/** All of it, checked, without what is the program's own. */
export type FitSettings = Omit<
  FitOptions,
  "onEpoch" | "onEvent" | "signal" | "verbose" | "callbacks" | "validationData"
> &
  Pick<DatasetOptions, "stepsPerEpoch" | "validationBatches" | "validationData">;

/** What TensorFlow.js' `fit` has and this one has not, and what to do. */
const REFUSED: Readonly<Record<string, string>> = {
  validationSteps: "Give as many samples as validationData as shall be measured with",
  optimizer: "Use method: apts trains by its own methods",
  data: "Samples are the second and third argument",
  model: "The model is the first argument",
};

/** What samples in memory have and a dataset has not, and what to do. */
const NOT_OF_DATASETS: Readonly<Record<string, string>> = {
  validationSplit: "Give validationData",
  sampleWeight: "Let the dataset give samples that count alike, or give classWeight",
  batches: "Say stepsPerEpoch",
  overlap: "The dataset says what a mini-batch holds",
  standardise: "Standardise in the dataset",
  resume: "Nobody knows what the dataset gave before",
  autoResume: "Nobody knows what the dataset gave before",
  maxRestarts: "Nobody knows what the dataset gave before",
};

const OF_DATASETS_ALONE: Readonly<Record<string, string>> = {
  stepsPerEpoch: "Say batchesPerEpoch",
  validationBatches: "Give validationData as a dataset, to fit with a dataset",
};

/** Of what TensorFlow.js' `fit` has, what changes nothing here: this process is free while ranks train, and they measure in blocks that fit. */
const NEEDLESS: ReadonlySet<string> = new Set(["yieldEvery", "validationBatchSize"]);

/**
 * What of the options is the run's own, as it is given.
 * @throws UsageError for what only others have
 */
export function checkFitOptions(
  options: Readonly<Record<string, unknown>>,
  isStreamed: boolean,
): Record<string, unknown> {
  const refused = { ...REFUSED, ...(isStreamed ? NOT_OF_DATASETS : OF_DATASETS_ALONE) };
  for (const [name, advice] of Object.entries(refused)) {
    if (options[name] === undefined || options[name] === null || options[name] === false) continue;
    const what = isStreamed ? "a dataset" : "samples in memory";
    throw new UsageError(`Expected options of fit with ${what}, got "${name}". ${advice}.`);
  }
  if (isStreamed && options["shuffle"] === true)
    throw new UsageError("Expected no shuffle with a dataset, whose order counts. Say dataset.shuffle(…).");
  const { shuffle, verbose, batchSize, batches, epochs, initialEpoch } = options;
  expectOneOf("shuffle", shuffle, [true, false]);
  expectOneOf("verbose", verbose, [0, 1, true, false]);
  if (batchSize !== undefined && batches !== undefined)
    throw new UsageError("Expected either batchSize or batches, got both.");
  expectWhole("batchSize", batchSize, 1);
  expectWhole("epochs", epochs, 1);
  expectWhole("initialEpoch", initialEpoch, 0);
  for (const name of ["stepsPerEpoch", "batchesPerEpoch", "validationBatches"])
    expectWhole(name, options[name], 1);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !NEEDLESS.has(name)));
}

function expectOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || value === null || allowed.includes(value)) return;
  throw new UsageError(`Expected ${name} to be ${allowed.map(String).join(" or ")}, got ${describe(value)}.`);
}

function expectWhole(name: string, value: unknown, least: number): void {
  if (value === undefined || value === null || (Number.isInteger(value) && (value as number) >= least))
    return;
  throw new UsageError(`Expected ${name} to be a whole number from ${least} on, got ${describe(value)}.`);
}

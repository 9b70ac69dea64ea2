import type { GivenFields } from "../data/given-fields.js";
import { describe } from "../data/arrays.js";
import { UsageError } from "../errors.js";
import type { ClassWeights } from "./fit-data.js";
import type { FitCallback } from "./keras-callbacks.js";
import type { OwnMethodRequest, TrainRequest } from "./train.js";

/** What `fit` takes beside the options of a run. */
export interface FitOnlyOptions {
  /** The index of the last epoch: `epochs` − `initialEpoch` are made; default: 1. */
  readonly epochs?: number | undefined;
  /** What the first epoch is called; default: 0. */
  readonly initialEpoch?: number | undefined;
  /** Samples of a mini-batch, at most; default: as many mini-batches as the method wants, the full batch for `apts`. */
  readonly batchSize?: number | undefined;
  /** Whether mini-batches are drawn anew each epoch; else they hold the samples in their order. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** `[x, y]` to measure with after every epoch. */
  readonly validationData?: readonly [x: GivenFields, y: GivenFields] | undefined;
  /** What each sample counts, or each step of one: (count) or (count, steps). */
  readonly sampleWeight?: GivenFields | undefined;
  /** What the samples of each class count, by its number. */
  readonly classWeight?: ClassWeights | undefined;
  /** What each output's loss counts in the sum; default: 1. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>> | undefined;
  readonly callbacks?: FitCallback | readonly FitCallback[] | undefined;
}

/** What `fit` takes: what Keras' does, and every option of a run. */
export interface FitOptions
  extends Omit<TrainRequest, "model" | "data" | keyof FitOnlyOptions>, FitOnlyOptions {}

/** The same with a method of one's own. */
export interface OwnMethodFitOptions
  extends Omit<OwnMethodRequest, "model" | "data" | keyof FitOnlyOptions>, FitOnlyOptions {}

/** What TensorFlow.js' `fit` has and this one has not, and what to do. */
const REFUSED: Readonly<Record<string, string>> = {
  validationSteps: "Give as many samples as validationData as shall be measured with",
  optimizer: "Use method: apts trains by its own methods",
  data: "Samples are the second and third argument",
  model: "The model is the first argument",
};

/** Of what TensorFlow.js' `fit` has, what changes nothing here: this process is free while ranks train, and they measure in blocks that fit. */
const NEEDLESS: ReadonlySet<string> = new Set(["yieldEvery", "validationBatchSize"]);

/**
 * What of the options is the run's own, as it is given.
 * @throws UsageError for what only others have
 */
export function checkFitOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  for (const [name, advice] of Object.entries(REFUSED)) {
    if (options[name] !== undefined && options[name] !== null)
      throw new UsageError(`Expected options of apts' fit, got "${name}". ${advice}.`);
  }
  const { shuffle, verbose, batchSize, batches, epochs, initialEpoch } = options;
  expectOneOf("shuffle", shuffle, [true, false]);
  expectOneOf("verbose", verbose, [0, 1, true, false]);
  if (batchSize !== undefined && batches !== undefined)
    throw new UsageError("Expected either batchSize or batches, got both.");
  expectWhole("batchSize", batchSize, 1);
  expectWhole("epochs", epochs, 1);
  expectWhole("initialEpoch", initialEpoch, 0);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !NEEDLESS.has(name)));
}

function expectOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || value === null || allowed.includes(value)) return;
  throw new UsageError(`Expected ${name} to be ${allowed.map(String).join(" or ")}, got ${describe(value)}.`);
}

export function expectWhole(name: string, value: unknown, least: number): void {
  if (value === undefined || value === null || (Number.isInteger(value) && (value as number) >= least))
    return;
  throw new UsageError(`Expected ${name} to be a whole number from ${least} on, got ${describe(value)}.`);
}

import { describe } from "../data/arrays.js";
import type { Dataset } from "../data/dataset.js";
import type { ModelSlots } from "../data/in-memory.js";
import { UsageError } from "../errors.js";
import { defaultMethod, findMethod } from "../methods/registry.js";
import { trainedOn } from "../run/hold-back.js";
import type { StreamedSamples } from "../run/program.js";
import { samplesOf, weighted } from "./fit-data.js";
import type { FitSettings } from "./fit-options.js";
import { collected, FitStream } from "./fit-stream.js";
import type { GivenSlots } from "./given-model.js";
import { isStream, type GivenStream } from "./given-stream.js";

/** The options of a run. */
type OfRun = Omit<
  FitSettings,
  | "epochs" | "initialEpoch" | "batchSize" | "shuffle" | "validationData" | "validationBatches" | "sampleWeight" | "classWeight" | "stepsPerEpoch" | "lossWeights"
>; // prettier-ignore

/** What a `fit` trains on. */
export interface Prepared {
  /** Where samples come anew for each epoch, those of the first mini-batch. */
  readonly samples: { readonly train: Dataset; readonly test: Dataset | undefined };
  /** Trained on in an epoch. */
  readonly count: number;
  readonly options: OfRun;
  readonly stream?: FitStream;
  readonly streamed?: StreamedSamples;
}

/** @throws UsageError */
export async function prepareSamples(
  x: unknown,
  y: unknown,
  settings: FitSettings,
  slots: GivenSlots,
): Promise<Prepared> {
  const { validationData, validationBatches: _, sampleWeight, classWeight, batchSize, ...rest } = settings;
  const given = await samplesOf(x, y, slots);
  const train = await weighted(given, { sampleWeight, classWeight }, slots.outputs);
  const test = validationData && (await heldBack(validationData, slots));
  const run = { ...ofRun(rest), ...(test ? { validationSplit: undefined } : {}) };
  const count = trainedOn(train.count, run.validationSplit);
  const batches = batchSize === undefined ? await usualBatches(count, run) : Math.ceil(count / batchSize);
  const { batchesPerEpoch } = settings;
  return { samples: { train, test }, count, options: { ...run, batches, batchesPerEpoch } };
}

/** @throws UsageError */
export async function prepareStream(
  x: GivenStream,
  settings: FitSettings,
  slots: GivenSlots,
  folder: string,
): Promise<Prepared> {
  const { validationData, validationBatches, classWeight, batchSize, ...rest } = settings;
  const stepsPerEpoch = rest.stepsPerEpoch ?? rest.batchesPerEpoch;
  expectEnd(x, stepsPerEpoch, "the dataset", "batchesPerEpoch");
  expectEnd(validationData, validationBatches, "validationData", "validationBatches");
  const stream = new FitStream(x, folder, { batchSize, stepsPerEpoch, classWeight, slots });
  const test = isStream(validationData)
    ? await collected(validationData, slots, validationBatches)
    : validationData && (await heldBack(validationData, slots));
  const streamed = await stream.next();
  return {
    samples: { train: stream.first!, test },
    count: streamed.count,
    options: { ...ofRun(rest), batches: stream.batches },
    stream,
    streamed,
  };
}

/** @throws UsageError for a dataset that says it has no end, where nothing says how much of it is to be read */
function expectEnd(given: unknown, most: number | undefined, what: string, option: string): void {
  if (most !== undefined || (given as { size?: unknown } | undefined)?.size !== Infinity) return;
  throw new UsageError(`Expected ${what} to have an end, got one that is repeated for ever. Give ${option}.`);
}

/** Without what `fit` alone has. A sample is in one mini-batch of an epoch, where a run that goes on has not had it otherwise. */
function ofRun({
  epochs: _epochs,
  initialEpoch: _initialEpoch,
  shuffle: _shuffle,
  sampleWeight: _sampleWeight,
  stepsPerEpoch: _stepsPerEpoch,
  batchesPerEpoch: _batchesPerEpoch,
  ...options
}: Omit<FitSettings, "validationData" | "validationBatches" | "classWeight" | "batchSize">): OfRun {
  return { ...(options.resume === undefined ? { overlap: 0 } : {}), ...options };
}

async function heldBack(given: unknown, slots: ModelSlots): Promise<Dataset> {
  if (!Array.isArray(given) || given.length < 2 || given.length > 3)
    throw new UsageError(`Expected validationData to be [x, y], got ${describe(given)}.`);
  if (given.length === 3) {
    throw new UsageError(
      "Expected validationData to be [x, y], got weights beside them: what is measured counts all samples alike, as model.evaluate does.",
    );
  }
  return samplesOf(given[0], given[1], slots, { x: "validationData[0]", y: "validationData[1]" });
}

/** Mini-batches an epoch where no size of them is given; undefined where a preset, or a run that goes on, says it. */
async function usualBatches(
  count: number,
  {
    batches,
    resume,
    preset,
    method = defaultMethod,
  }: Pick<OfRun, "batches" | "resume" | "preset" | "method">,
): Promise<number | undefined> {
  if (batches !== undefined || resume !== undefined || preset !== undefined) return batches;
  const given: unknown = method;
  const { batches: usual, batchSize } = await findMethod(given instanceof URL ? given.href : method);
  return batchSize === undefined ? Math.min(count, usual) : Math.ceil(count / batchSize);
}

import { describe, isTensor } from "../data/arrays.js";
import { concatenated, rowsOf, type Dataset } from "../data/dataset.js";
import type { GivenFields } from "../data/given-fields.js";
import { UsageError } from "../errors.js";
import { samplesOf } from "./fit-data.js";
import type { GivenSlots } from "./given-model.js";

/** What a dataset gives one after another: a batch of samples or, without a side for them, one sample. */
export interface StreamedElement {
  readonly xs: GivenFields;
  readonly ys: GivenFields;
}

/** A `tf.data.Dataset` of any copy of TensorFlow.js. */
export interface DatasetLike {
  iterator(): Promise<{ next(): Promise<{ value?: unknown; done?: boolean | undefined }> }>;
}

/** A dataset, a function that makes an (async) generator for each pass, or one such for a single pass. */
export type GivenStream =
  | DatasetLike
  | (() => AsyncIterable<StreamedElement> | Iterable<StreamedElement>)
  | AsyncIterable<StreamedElement>;

export function isStream(given: unknown): given is GivenStream {
  if (typeof given === "function") return true;
  return (
    typeof given === "object" && given !== null && ("iterator" in given || Symbol.asyncIterator in given)
  );
}

/** One pass over a stream: the batches that it gives, or of `batchSize` samples each. */
export async function* batchesOf(
  stream: GivenStream,
  batchSize: number | undefined,
  slots: GivenSlots,
): AsyncGenerator<Dataset> {
  let waiting: Dataset[] = [];
  let size = batchSize;
  for await (const element of elementsOf(stream)) {
    const { samples, isBatch } = await read(element, slots);
    if (isBatch && size === undefined) {
      yield samples;
      continue;
    }
    size ??= DEFAULT_BATCH;
    waiting.push(samples);
    if (waiting.reduce((sum, { count }) => sum + count, 0) < size) continue;
    const all = concatenated(waiting);
    let at = 0;
    for (; at + size <= all.count; at += size) yield rowsOf(all, at, at + size);
    waiting = at < all.count ? [rowsOf(all, at, all.count)] : [];
  }
  if (waiting.length > 0) yield concatenated(waiting);
}

/** Samples of a mini-batch where neither the dataset nor its user says it, as Keras has it. */
const DEFAULT_BATCH = 32;

async function* elementsOf(stream: GivenStream): AsyncGenerator {
  if (typeof stream === "object" && "iterator" in stream) {
    const iterator = await stream.iterator();
    for (;;) {
      const { value, done } = await iterator.next();
      if (value != null) yield value;
      if (done) return;
    }
  }
  yield* typeof stream === "function" ? stream() : stream;
}

/** What an element holds; its tensors are released. */
async function read(element: unknown, slots: GivenSlots): Promise<{ samples: Dataset; isBatch: boolean }> {
  const { xs, ys } = (element ?? {}) as Partial<Record<"xs" | "ys", unknown>>;
  if (xs == null || ys == null)
    throw new UsageError(`Expected the dataset to give objects { xs, ys }, got ${describe(element)}.`);
  const names = { x: "xs of the dataset", y: "ys of the dataset" };
  const isBatch = rankOf(firstOf(xs)) !== slots.rank;
  const samples = isBatch
    ? await samplesOf(xs, ys, slots, names)
    : await samplesOf(asBatch(xs, slots.inputs.length), asBatch(ys, slots.outputs.length), slots, names);
  forEach(xs, release);
  forEach(ys, release);
  return { samples, isBatch };
}

function rankOf(value: unknown): number {
  if (isTensor(value)) return value.shape.length;
  let rank = 0;
  for (let first = value; Array.isArray(first) || ArrayBuffer.isView(first); rank++)
    first = (first as unknown[])[0];
  return rank;
}

/** Of the first input. */
function firstOf(xs: unknown): unknown {
  let first: unknown;
  let found = false;
  forEach(xs, (value) => {
    if (!found) first = value;
    found = true;
  });
  return first;
}

/** Calls for each tensor or array in what an element has for all inputs, or all outputs. */
function forEach(given: unknown, take: (value: unknown) => void): void {
  if (isTensor(given) || typeof given !== "object" || given === null || ArrayBuffer.isView(given))
    take(given);
  else if (!Array.isArray(given)) Object.values(given).forEach(take);
  else if (given.some(isTensor)) given.forEach(take);
  else take(given);
}

/** One sample as a batch of one. */
function asBatch(given: unknown, slots: number): unknown {
  const alone = (value: unknown): unknown =>
    isTensor(value) ? { shape: [1, ...value.shape], dtype: value.dtype, data: () => value.data() } : [value];
  if (isTensor(given) || typeof given !== "object" || given === null || ArrayBuffer.isView(given))
    return alone(given);
  if (!Array.isArray(given))
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, alone(value)]));
  return given.some(isTensor) || slots > 1 ? given.map(alone) : alone(given);
}

function release(value: unknown): void {
  if (isTensor(value)) (value as { dispose?: () => void }).dispose?.();
}

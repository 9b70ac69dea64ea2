import { UsageError } from "../errors.js";
import { isHeld, sizeOf, type Field, type Normalisation, type RowSource, type Values } from "./dataset.js";
import type { Random } from "../random.js";

/**
 * The mini-batches of one epoch (docs/algorithms.md §4, "SAPTS mini-batches"): the indices 0 … count − 1, shuffled or in order, are
 * cut in `batches` disjoint base parts whose sizes differ by one at most; each mini-batch is its own base part followed
 * by a fraction `overlap` (rounded) of every other base part. No index occurs twice within a mini-batch.
 *
 * Which samples of a part are lent differs from borrower to borrower: the lent runs of a part lie one behind the other,
 * cyclically, so that they are disjoint as long as they fit into it.
 *
 * Deterministic in `random`, which is drawn from: pass a stream forked by epoch to reshuffle each epoch.
 */
export function miniBatches(
  count: number,
  batches: number,
  overlap: number,
  random: Random | "in order",
): Int32Array[] {
  checkMiniBatches(count, batches);
  if (!(overlap >= 0 && overlap <= 1)) {
    throw new UsageError(`Expected the overlap of mini-batches to lie between 0 and 1, got ${overlap}.`);
  }
  const indices = Int32Array.from({ length: count }, (_, index) => index);
  const order = random === "in order" ? indices : random.shuffle(indices);
  const parts = Array.from({ length: batches }, (_, part) =>
    order.subarray(Math.floor((part * count) / batches), Math.floor(((part + 1) * count) / batches)),
  );
  const lent = parts.map((part) => Math.round(overlap * part.length));
  const lentInAll = lent.reduce((sum, length) => sum + length, 0);
  return parts.map((own, batch) => {
    const indices = new Int32Array(own.length + lentInAll - lent[batch]!);
    indices.set(own);
    let at = own.length;
    for (let step = 1; step < batches; step++) {
      const lender = (batch + step) % batches;
      at = copyCyclic(parts[lender]!, (step - 1) * lent[lender]!, lent[lender]!, indices, at);
    }
    return indices;
  });
}

/** The sizes of those mini-batches, in their order. */
export function miniBatchSizes(count: number, batches: number, overlap: number): number[] {
  const parts = Array.from(
    { length: batches },
    (_, part) => Math.floor(((part + 1) * count) / batches) - Math.floor((part * count) / batches),
  );
  const lent = parts.map((part) => Math.round(overlap * part));
  const lentInAll = lent.reduce((sum, length) => sum + length, 0);
  return parts.map((own, batch) => own + lentInAll - lent[batch]!);
}

/**
 * UsageError where `count` samples do not make `batches` mini-batches.
 * @param shards that each of these is cut in
 */
export function checkMiniBatches(count: number, batches: number, shards = 1): void {
  if (!Number.isInteger(batches) || batches < 1 || batches > count) {
    throw new UsageError(
      `Expected the number of mini-batches to be a whole number from 1 to ${count}, the number of training samples, got ${batches}.`,
    );
  }
  checkShards(Math.floor(count / batches), shards);
}

/** UsageError where a batch of so many samples is not enough for `shards` of them. */
export function checkShards(rows: number, shards: number): void {
  if (rows >= shards) return;
  throw new UsageError(
    `Expected batches of at least ${shards} samples, one for each shard, got batches of ${rows}. ` +
      "Give fewer --subdomains, or larger batches (--batch-size).",
  );
}

/** Copies `length` entries of `source` from `start` on, going round at its end; returns where the copy ends. */
function copyCyclic(
  source: Int32Array,
  start: number,
  length: number,
  target: Int32Array,
  at: number,
): number {
  for (let i = 0; i < length; i++) target[at + i] = source[(start + i) % source.length]!;
  return at + length;
}

/**
 * Fills `out` (indices.length, ...shape) with the rows of `indices`, in their order, and returns it.
 * @param normalisation what they go through; without it they stay as they are
 * @throws RangeError where `out` is too small
 */
export function gatherRows(
  { values, shape }: Field,
  indices: Int32Array,
  out: Float32Array,
  normalisation?: Normalisation,
): Float32Array {
  const size = sizeOf(shape);
  if (out.length < indices.length * size) {
    throw new RangeError(
      `Expected room for ${indices.length} × ${size} = ${indices.length * size} features, got an array of ${out.length}.`,
    );
  }
  if (!isHeld(values)) {
    readRows(values, size, indices, out);
    if (normalisation) {
      const inOrder = Int32Array.from(indices, (_, row) => row);
      normaliseRows(out, size, inOrder, normalisation, out);
    }
  } else if (normalisation === undefined) copyRows(values, size, indices, out);
  else normaliseRows(values, size, indices, normalisation, out);
  return out;
}

/** Rows that follow one another are read in one. */
function readRows(source: RowSource, size: number, indices: Int32Array, out: Float32Array): void {
  for (let row = 0; row < indices.length;) {
    const first = indices[row]!;
    let length = 1;
    while (indices[row + length] === first + length) length++;
    source.read(first, first + length, out.subarray(row * size, (row + length) * size));
    row += length;
  }
}

function copyRows(values: Values, size: number, indices: Int32Array, out: Float32Array): void {
  if (size === 1) for (let row = 0; row < indices.length; row++) out[row] = values[indices[row]!]!;
  else
    for (let row = 0; row < indices.length; row++) {
      const from = indices[row]! * size;
      out.set(values.subarray(from, from + size), row * size);
    }
}

/** (value − mean) · (1 / deviation) in float32. `values` may be `out` itself, with the rows in their places. */
function normaliseRows(
  values: Values,
  size: number,
  indices: Int32Array,
  { mean, deviation }: Normalisation,
  out: Float32Array,
): void {
  const channels = mean.length;
  const centres = Float32Array.from(mean);
  const scales = Float32Array.from(deviation, (value) => 1 / value);
  for (let row = 0; row < indices.length; row++) {
    const source = indices[row]! * size;
    const target = row * size;
    for (let j = 0, channel = 0; j < size; j++, channel = channel + 1 === channels ? 0 : channel + 1) {
      const distance = Math.fround(Math.fround(values[source + j]!) - centres[channel]!);
      out[target + j] = distance * scales[channel]!;
    }
  }
}

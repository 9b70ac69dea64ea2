import { UsageError } from "../errors.js";
import { describe, type FlatNumbers } from "./arrays.js";
import { blocksOf, type Target } from "./dataset.js";

interface Labels {
  readonly labels: Int32Array;
  readonly classes: number;
}

/**
 * Class numbers, from themselves or from one-hot rows.
 * @param given how many classes the program says there are
 * @throws UsageError
 */
export function classesOf({ values, shape }: FlatNumbers, given: unknown, name: string): Labels {
  if (given !== undefined && !(Number.isInteger(given) && (given as number) > 0)) {
    throw new UsageError(
      `Expected classes beside ${name} to be a whole number from 1 on, got ${describe(given)}.`,
    );
  }
  const classes = given as number | undefined;
  if (shape !== undefined && shape.length > 2) {
    throw new UsageError(
      `Expected ${name} to be class numbers or one-hot rows, one for each sample, got the shape [${shape.join(", ")}].`,
    );
  }
  const width = shape?.[1] ?? 1;
  if (width > 1) return fromRows(values, width, classes, name);
  if (classes === undefined) refuseFlatRows(values, name);
  return fromNumbers(values, classes, name);
}

function fromNumbers(values: ArrayLike<number>, given: number | undefined, name: string): Labels {
  const labels = new Int32Array(values.length);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const label = values[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= (given ?? 2 ** 31)) {
      const range = given === undefined ? "whole numbers from 0 on" : `whole numbers from 0 to ${given - 1}`;
      throw new UsageError(`Expected ${name} to be ${range}, got ${label} for sample ${i}.`);
    }
    labels[i] = label;
    largest = Math.max(largest, label);
  }
  return { labels, classes: given ?? largest + 1 };
}

function fromRows(values: ArrayLike<number>, width: number, given: number | undefined, name: string): Labels {
  if (given !== undefined && given !== width) {
    throw new UsageError(
      `Expected one-hot rows of ${given}, as classes says, in ${name}, got rows of ${width}.`,
    );
  }
  const labels = new Int32Array(values.length / width);
  for (let i = 0; i < labels.length; i++) {
    const row = Array.from({ length: width }, (_, j) => values[i * width + j]!);
    labels[i] = row.indexOf(1);
    if (row.some((value, j) => value !== (j === labels[i] ? 1 : 0)) || labels[i]! < 0) {
      throw new UsageError(
        `Expected one-hot rows, a single 1 among zeros, in ${name}, got [${row.slice(0, 10).join(", ")}] for sample ${i}. ` +
          `Shares of several classes are given as targets, with a loss of them.`,
      );
    }
  }
  return { labels, classes: width };
}

/** How many rows it takes to tell a typed array of one-hot rows from class numbers 0 and 1. */
const ENOUGH_ROWS = 4;

/** One-hot rows written one behind the other look like so many samples of two classes. */
function refuseFlatRows(values: ArrayLike<number>, name: string): void {
  const ones: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 1) ones.push(i);
    else if (values[i] !== 0) return;
  }
  const width = values.length / ones.length;
  if (!Number.isInteger(width) || width < 3 || ones.length < ENOUGH_ROWS) return;
  if (ones.some((at, row) => Math.floor(at / width) !== row)) return;
  throw new UsageError(
    `Expected ${name} to be class numbers, got what looks like ${ones.length} one-hot rows of ${width} in one. ` +
      `Give class numbers, or rows in an array or a tensor; if they are class numbers, say classes: 2.`,
  );
}

/**
 * Without a number of classes, one that no training sample has is a sign of other numbers: ages, prices.
 * @throws UsageError
 */
export function checkEveryClassOccurs(target: Target, name: string): void {
  const { classes } = target;
  if (classes === undefined) return;
  const counts = new Int32Array(classes);
  for (const labels of blocksOf(target)) for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  const missing = counts.indexOf(0);
  if (missing < 0) return;
  const others = counts.filter((count) => count === 0).length - 1;
  throw new UsageError(
    `Expected ${name} to be class numbers, every one from 0 to ${classes - 1}, got no sample of ${missing}` +
      `${others > 0 ? ` and ${others} others` : ""}. If they are, say classes: ${classes}; numbers to be predicted as such ` +
      `(regression) are given as targets.`,
  );
}

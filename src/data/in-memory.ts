import { UsageError } from "../errors.js";
import { adviceOn, describe, flatNumbers, type FlatNumbers, type Numbers } from "./arrays.js";
import type { Dataset, DataSplit } from "./dataset.js";
import { classesOf } from "./labels.js";

/** Labelled samples that a program holds. */
export interface InMemoryData {
  /**
   * (count, ...sampleShape) row-major, channels last: a typed array, arrays of arrays, or a tensor. Bytes
   * (Uint8Array) stay bytes, all else is computed with as float32.
   */
  readonly features: Numbers;
  /** A class number from 0 on for each sample, or a one-hot row: an array, a typed array (class numbers only), a tensor. */
  readonly labels: Numbers;
  /** Shape of one sample; without it that of the arrays, the tensor or the model, else samples are plain vectors. */
  readonly sampleShape?: readonly number[] | undefined;
  /** Number of classes; without it the length of one-hot rows, or the largest label plus one. */
  readonly classes?: number | undefined;
}

const FIELDS = ["features", "labels", "sampleShape", "classes"];

/**
 * Checks data of the user's own program and makes a Dataset of it; features in a typed array of bytes or float32 are
 * not copied.
 * @param name what messages call it: `data.train`
 * @param inputShape the shape of a sample where the data do not say it themselves
 * @throws UsageError
 */
export async function inMemory(
  data: unknown,
  name: string,
  inputShape?: readonly number[],
): Promise<Dataset> {
  const { features, labels, sampleShape, classes } = fieldsOf(data, name);
  const flat = await flatNumbers(features, `${name}.features`);
  const given = await flatNumbers(labels, `${name}.labels`);
  if (given.values.length === 0)
    throw new UsageError(`Expected at least one labelled sample in ${name}, got none.`);
  const count = flat.shape?.[0] ?? given.shape?.[0] ?? given.values.length;
  const shape = sampleShape ?? flat.shape?.slice(1) ?? inputShape ?? [flat.values.length / count];
  const size = checkShape(shape, name);
  checkCount(flat.values.length, shape, size, given, name);
  const values = storable(flat.values);
  const wrong = values instanceof Float32Array ? values.findIndex((value) => !Number.isFinite(value)) : -1;
  if (wrong >= 0) {
    throw new UsageError(
      `Expected finite numbers in ${name}.features, got ${flat.values[wrong]!} in sample ${Math.floor(wrong / size)}, feature ${wrong % size}.`,
    );
  }
  return { features: values, sampleShape: shape, ...classesOf(given, classes, `${name}.labels`) };
}

/** Training and test data. UsageError where their samples differ in shape. */
export function makeSplit(name: string, train: Dataset, test: Dataset): DataSplit {
  if (train.sampleShape.join() !== test.sampleShape.join()) {
    throw new UsageError(
      `Expected training and test samples of one shape, got ${shapeText(train.sampleShape)} and ${shapeText(test.sampleShape)}.`,
    );
  }
  const classes = Math.max(train.classes, test.classes);
  return {
    name,
    train: { ...train, classes },
    test: { ...test, classes },
  };
}

function fieldsOf(data: unknown, name: string): Partial<InMemoryData> {
  if (typeof data !== "object" || data === null || Array.isArray(data) || !("features" in data)) {
    throw new UsageError(
      `Expected ${name} to be an object { features, labels }, got ${describe(data)}.${adviceOn(data)}`,
    );
  }
  const unknown = Object.keys(data).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    throw new UsageError(`Expected ${name} to hold only ${FIELDS.join(", ")}, got "${unknown}" in it.`);
  }
  return data as Partial<InMemoryData>;
}

/** The numbers of one sample. */
function checkShape(shape: unknown, name: string): number {
  const sides = Array.isArray(shape) ? (shape as unknown[]) : [];
  if (sides.length > 0 && sides.every((side) => Number.isInteger(side) && (side as number) > 0)) {
    return (sides as number[]).reduce((product, side) => product * side, 1);
  }
  const got = Array.isArray(shape) ? shapeText(sides) : describe(shape);
  throw new UsageError(
    `Expected samples of a shape of whole numbers in ${name}, got ${got}: the features do not divide into as many samples as there are labels.`,
  );
}

function checkCount(
  length: number,
  shape: readonly number[],
  size: number,
  labels: FlatNumbers,
  name: string,
): void {
  const labelled = labels.shape?.[0] ?? labels.values.length;
  if (labelled * size === length) return;
  const count = length / size;
  const perSample = labels.values.length / count;
  const oneHot =
    labels.shape === undefined && Number.isInteger(perSample) && perSample > 1
      ? ` Are they one-hot? Give class numbers, or a row of ${perSample} for each sample in an array or a tensor.`
      : "";
  throw new UsageError(
    `Expected a label for each sample of shape ${shapeText(shape)} in ${name}, got ${length} features, which make ` +
      `${Number.isInteger(count) ? count : count.toFixed(2)} samples, and ${labels.values.length} labels.${oneHot}`,
  );
}

/** As they are kept and handed to the ranks: bytes as bytes, all else as float32. */
function storable(values: FlatNumbers["values"]): Uint8Array | Float32Array {
  if (values instanceof Uint8Array || values instanceof Float32Array) return values;
  if (values instanceof Uint8ClampedArray) {
    return new Uint8Array(values.buffer, values.byteOffset, values.length);
  }
  return Float32Array.from(values);
}

function shapeText(shape: readonly unknown[]): string {
  return `[${shape.join(", ")}]`;
}

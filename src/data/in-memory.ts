import { UsageError } from "../errors.js";
import type { Dataset, DataSplit } from "./dataset.js";

export interface InMemoryData {
  /** (count, ...sampleShape) row-major, channels last. */
  readonly features: Uint8Array | Float32Array;
  /** (count) whole numbers from 0 on. */
  readonly labels: ArrayLike<number>;
  /** Shape of one sample; without it, samples are plain vectors. */
  readonly sampleShape?: readonly number[] | undefined;
  /** Number of classes; without it, the largest label plus one. */
  readonly classes?: number | undefined;
}

/** Checks data of the user's own program and makes a Dataset of it, without copying features. UsageError. */
export function inMemory(data: InMemoryData): Dataset {
  const { features } = data;
  if (!(features instanceof Uint8Array) && !(features instanceof Float32Array)) {
    throw new UsageError(
      `Expected the features to be a Uint8Array or a Float32Array, got ${describe(features)}.`,
    );
  }
  const count = data.labels.length;
  if (!(count > 0)) throw new UsageError("Expected at least one labelled sample, got none.");
  const sampleShape = checkShape(data.sampleShape ?? [features.length / count], features.length, count);
  if (features instanceof Float32Array) {
    const wrong = features.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const size = features.length / count;
      throw new UsageError(
        `Expected finite features, got ${features[wrong]!} in sample ${Math.floor(wrong / size)}, feature ${wrong % size}.`,
      );
    }
  }
  const { labels, classes } = checkLabels(data.labels, data.classes);
  return { features, labels, sampleShape, classes };
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

function checkShape(shape: readonly number[], length: number, count: number): readonly number[] {
  const size = shape.reduce((product, side) => product * side, 1);
  if (shape.some((side) => !Number.isInteger(side) || side < 1) || size * count !== length) {
    throw new UsageError(
      `Expected ${length} features to make ${count} samples (one per label) of shape ${shapeText(shape)}, that is ${count} × ${size} = ${count * size}.`,
    );
  }
  return shape;
}

function checkLabels(
  values: ArrayLike<number>,
  given: number | undefined,
): { labels: Int32Array; classes: number } {
  const labels = new Int32Array(values.length);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const label = values[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= (given ?? 2 ** 31)) {
      const range = given === undefined ? "whole numbers from 0 on" : `whole numbers from 0 to ${given - 1}`;
      throw new UsageError(`Expected labels to be ${range}, got ${label} for sample ${i}.`);
    }
    labels[i] = label;
    largest = Math.max(largest, label);
  }
  return { labels, classes: given ?? largest + 1 };
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

function describe(value: unknown): string {
  return value === null || typeof value !== "object" ? typeof value : value.constructor.name;
}

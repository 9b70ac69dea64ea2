import { UsageError } from "../errors.js";
import { adviceOn, describe, flatNumbers, isTensor, type FlatNumbers, type Numbers } from "./arrays.js";
import { labelled, sizeOf, type Dataset, type ArrayField, type DataSplit, type Target } from "./dataset.js";
import {
  expectFinite,
  fieldFrom,
  givenFields,
  storable,
  type GivenFields,
  type Slot,
} from "./given-fields.js";
import { classesOf } from "./labels.js";

/** Samples that a program holds, each of a class. */
export interface LabelledData {
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
  /** What each sample counts; without it all count 1. */
  readonly weights?: Numbers | undefined;
}

/** Samples that a program holds, each with numbers to predict. */
export interface TargetData {
  /** As of labelled samples; of a model with several inputs in a list, or by the inputs' names. */
  readonly features: GivenFields;
  /**
   * (count, ...) what the model's output is to be; of several outputs in a list, or by the outputs' names. Only an
   * objective of one's own can do without.
   */
  readonly targets?: GivenFields | undefined;
  /** What each sample counts; without it all count 1. */
  readonly weights?: Numbers | undefined;
}

export type InMemoryData = LabelledData | TargetData;

/** Of the model that the samples are for, where it is known. */
export interface ModelSlots {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
}

/** Of a model that nobody knows yet: one input and output, or as many as there are tensors in a list. */
function unknownSlots({ features, targets }: Partial<Fields>): ModelSlots {
  const slots = (given: unknown, name: string) => {
    const count = Array.isArray(given) && given.some(isTensor) ? given.length : 1;
    return Array.from({ length: count }, (_, i) => ({
      name: count === 1 ? name : `${name}[${i}]`,
      shape: undefined,
    }));
  };
  return { inputs: slots(features, "features"), outputs: slots(targets, "targets") };
}

const FIELDS = ["features", "labels", "targets", "weights", "sampleShape", "classes"];

/**
 * Checks data of the user's own program and makes a Dataset of it; features in a typed array of bytes or float32 are
 * not copied.
 * @param name what messages call it: `data.train`
 * @throws UsageError
 */
export async function inMemory(data: unknown, name: string, known?: ModelSlots): Promise<Dataset> {
  const given = fieldsOf(data, name);
  const slots = known ?? unknownSlots(given);
  const dataset =
    given.labels === undefined ? await targetsIn(given, name, slots) : await classesIn(given, name, slots);
  if (given.weights === undefined) return dataset;
  const weights = await fieldFrom(given.weights, `${name}.weights`);
  expectWeights(weights, dataset.count, `${name}.weights`);
  return { ...dataset, targets: dataset.targets.map((target) => ({ ...target, weights })) };
}

async function targetsIn(
  given: Partial<Fields>,
  name: string,
  { inputs, outputs }: ModelSlots,
): Promise<Dataset> {
  const other = (["sampleShape", "classes"] as const).find((field) => given[field] !== undefined);
  if (other !== undefined) {
    throw new UsageError(`Expected targets of ${name} without ${other}, which is said of classes alone.`);
  }
  const x = await givenFields(given.features, `${name}.features`, inputs);
  if (given.targets === undefined) return { count: x.count, inputs: x.fields, targets: [] };
  const y = await givenFields(given.targets, `${name}.targets`, outputs);
  if (x.count !== y.count) {
    throw new UsageError(`Expected as many targets as samples in ${name}, got ${y.count} for ${x.count}.`);
  }
  return { count: x.count, inputs: x.fields, targets: y.fields };
}

/** @throws UsageError for weights that are not one for each sample, or negative */
export function expectWeights({ values, shape }: ArrayField, count: number, name: string): void {
  const rows = values.length / sizeOf(shape);
  if (rows !== count) {
    throw new UsageError(`Expected a weight for each of ${count} samples in ${name}, got ${rows}.`);
  }
  const wrong = values.findIndex((value) => value < 0);
  if (wrong >= 0)
    throw new UsageError(`Expected weights of 0 or more in ${name}, got ${values[wrong]!} at ${wrong}.`);
}

async function classesIn(
  { features, labels, targets, sampleShape, classes }: Partial<Fields>,
  name: string,
  { inputs }: ModelSlots,
): Promise<Dataset> {
  if (targets !== undefined)
    throw new UsageError(`Expected labels or targets in ${name}, got both: classes, or numbers to predict.`);
  const inputShape = inputs[0]?.shape;
  const flat = await flatNumbers(features, `${name}.features`);
  const given = await flatNumbers(labels, `${name}.labels`);
  if (given.values.length === 0)
    throw new UsageError(`Expected at least one labelled sample in ${name}, got none.`);
  const count = flat.shape?.[0] ?? given.shape?.[0] ?? given.values.length;
  const shape = (sampleShape as readonly number[] | undefined) ??
    flat.shape?.slice(1) ??
    inputShape ?? [flat.values.length / count];
  const size = checkShape(shape, name);
  checkCount(flat.values.length, shape, size, given, name);
  const values = storable(flat.values);
  expectFinite(values, flat.values, size, `${name}.features`);
  return labelled({ features: values, sampleShape: shape, ...classesOf(given, classes, `${name}.labels`) });
}

/** Training and test data. UsageError where their samples differ in shape. */
export function makeSplit(name: string, train: Dataset, test: Dataset | undefined): DataSplit {
  if (!test) return { name, train, test };
  for (const [fields, what] of [
    ["inputs", "samples"],
    ["targets", "targets"],
  ] as const) {
    const shapes = (dataset: Dataset) => dataset[fields].map(({ shape }) => shapeText(shape)).join(", ");
    if (shapes(train) === shapes(test)) continue;
    throw new UsageError(
      `Expected training and test ${what} of one shape, got ${shapes(train)} and ${shapes(test)}.`,
    );
  }
  const shared = train.targets.map((target, i) => classesInBoth(target, test.targets[i]!));
  const withClasses = (dataset: Dataset): Dataset => ({
    ...dataset,
    targets: dataset.targets.map((target, i) =>
      shared[i] === undefined ? target : { ...target, classes: shared[i] },
    ),
  });
  return { name, train: withClasses(train), test: withClasses(test) };
}

function classesInBoth(a: Target, b: Target): number | undefined {
  if (a.classes === undefined || b.classes === undefined) return undefined;
  return Math.max(a.classes, b.classes);
}

type Fields = Record<keyof LabelledData | keyof TargetData, unknown>;

function fieldsOf(data: unknown, name: string): Partial<Fields> {
  if (typeof data !== "object" || data === null || Array.isArray(data) || !("features" in data)) {
    throw new UsageError(
      `Expected ${name} to be an object { features, labels }, got ${describe(data)}.${adviceOn(data)}`,
    );
  }
  const unknown = Object.keys(data).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) {
    throw new UsageError(`Expected ${name} to hold only ${FIELDS.join(", ")}, got "${unknown}" in it.`);
  }
  return data;
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

function shapeText(shape: readonly unknown[]): string {
  return `[${shape.join(", ")}]`;
}

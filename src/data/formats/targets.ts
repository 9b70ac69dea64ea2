import { UsageError } from "../../errors.js";
import { sizeOf, type Target } from "../dataset.js";
import { indexIn, notFinite } from "../file-rows.js";
import type { Task } from "./options.js";

/** What is to be predicted of the samples of one file. */
export interface Labels {
  /** Names of classes, or numbers: (count, ...shape). */
  readonly values: readonly string[] | ArrayLike<number>;
  /** Of one sample's. */
  readonly shape: readonly number[];
  /** What messages call them: "the column species of iris.csv". */
  readonly name: string;
}

/** So many classes need at least as many samples of each as this, on average, to be taken for classes unasked. */
const LEAST_PER_CLASS = 2;
/** So many different texts may be names of classes, however few the samples. */
const FEW = 20;

/**
 * What is to be predicted in training and test data: classes or numbers, the same in both. Texts are classes, in sorted
 * order. Numbers are classes where they are whole, from 0 or 1 on, and every one occurs, twice on average; or one-hot
 * rows of whole numbers; or where it is asked for.
 * @throws UsageError
 */
export function targetsFrom(parts: readonly Labels[], task: Task | undefined): Target[] {
  const texts = parts.flatMap(({ values }) => (isTexts(values) ? [values] : []));
  if (texts.length === parts.length) return classesByName(parts, texts, task);
  if (texts.length > 0) {
    throw new UsageError(
      `Expected ${parts.map(({ name }) => name).join(" and ")} both to be texts, or numbers.`,
    );
  }
  const arrays = parts.map(({ values }) => values as ArrayLike<number>);
  arrays.forEach((values, i) => {
    expectFinite(values, parts[i]!);
  });
  if (task !== "regression") {
    const width = parts[0]!.shape[0] ?? 1;
    if (parts[0]!.shape.length <= 1) {
      const classes =
        width > 1
          ? arrays.map((values) => fromOneHot(values, width))
          : classNumbers(arrays, task === "classification");
      if (classes.every((target) => target !== undefined)) return classes;
    }
    if (task === "classification") {
      throw new UsageError(
        `Expected ${parts[0]!.name} to be a class each, or one-hot rows, for --task classification, got the shape [${parts[0]!.shape.join(", ")}] of other numbers.`,
      );
    }
  }
  return parts.map(({ shape }, i) => ({ values: Float32Array.from(arrays[i]!), shape }));
}

function isTexts(values: Labels["values"]): values is readonly string[] {
  return typeof values[0] === "string";
}

function classesByName(
  parts: readonly Labels[],
  texts: readonly (readonly string[])[],
  task: Task | undefined,
): Target[] {
  const { name } = parts[0]!;
  if (task === "regression") {
    throw new UsageError(`Expected numbers for --task regression in ${name}, got "${texts[0]![0]!}".`);
  }
  const names = [...new Set(texts.flat())].sort();
  const count = texts.reduce((sum, { length }) => sum + length, 0);
  if (task === undefined && names.length > FEW && names.length * LEAST_PER_CLASS > count) {
    throw new UsageError(
      `Expected ${name} to be classes by name, got ${names.length} different texts of ${count} samples ("${names[0]!}", …). ` +
        `Say which column to predict with --label, or --task classification if these are classes.`,
    );
  }
  const numbers = new Map(names.map((text, i) => [text, i]));
  return texts.map((part) => ({
    values: Int32Array.from(part, (text) => numbers.get(text)!),
    shape: [],
    classes: names.length,
    names,
  }));
}

/** Undefined where the numbers do not look like classes, and nobody says they are. */
function classNumbers(arrays: readonly ArrayLike<number>[], isAsked: boolean): (Target | undefined)[] {
  const distinct = new Set<number>();
  const count = arrays.reduce((sum, { length }) => sum + length, 0);
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!isAsked && (!Number.isInteger(value) || value < 0)) return [undefined];
      if (!distinct.has(value)) distinct.add(value);
      if (!isAsked && distinct.size * LEAST_PER_CLASS > count) return [undefined];
    }
  }
  const sorted = [...distinct].sort((a, b) => a - b);
  const first = sorted[0]!;
  const isRun = sorted.length > 1 && sorted.every((value, i) => value === first + i);
  if (!isAsked && !(isRun && first <= 1)) return [undefined];
  const isPlain = isRun && first === 0;
  const numbers = new Map(sorted.map((value, i) => [value, i]));
  return arrays.map((values) => ({
    values: Int32Array.from({ length: values.length }, (_, i) => numbers.get(values[i]!)!),
    shape: [],
    classes: sorted.length,
    ...(isPlain ? {} : { names: sorted.map(String) }),
  }));
}

/** Undefined where any row is something else than a single 1 among zeros. */
function fromOneHot(values: ArrayLike<number>, width: number): Target | undefined {
  const labels = new Int32Array(values.length / width).fill(-1);
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    const row = Math.floor(i / width);
    if (values[i] !== 1 || labels[row] !== -1) return undefined;
    labels[row] = i % width;
  }
  return labels.includes(-1) ? undefined : { values: labels, shape: [], classes: width };
}

/** As they are kept: in float32. */
function expectFinite(values: ArrayLike<number>, { name, shape }: Labels): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(Math.fround(values[i]!))) continue;
    const size = sizeOf(shape);
    throw notFinite(name, values[i]!, [Math.floor(i / size), ...indexIn(shape, i % size)]);
  }
}

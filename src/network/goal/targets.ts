import { arrayOf, blocksOf, sizeOf, type Dataset, type Field, type Target } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import type { Loss } from "../losses/loss.js";
import type { Goal, OutputGoal, OwnLoss } from "./goal.js";
import type { TargetKind } from "./resolve.js";

type Shape = readonly (number | null)[];

/**
 * The shape in which targets are handed to a loss: that of the output, or without its last side for class numbers. A loss of
 * one's own takes them as they are given, one number each as (1).
 * @throws UsageError where they have another
 */
export function targetShapeFor(
  loss: Loss | OwnLoss,
  target: TargetKind,
  output: Shape,
  name: string,
  source: string,
): readonly number[] {
  const { shape, classes } = target;
  const width = output.at(-1);
  const steps = output.slice(0, -1);
  if (loss.ofRow === undefined) {
    // (rows) against (rows, 1) would be broadcast to all pairs of rows; Keras has targets of two dimensions at least, too.
    return shape.length === 0 || (width === 1 && fits(shape, steps)) ? [...shape, 1] : shape;
  }
  const ofClasses = loss.targets === "classes" || classes !== undefined;
  if (
    ofClasses &&
    classes !== undefined &&
    width !== null &&
    classes !== width &&
    !isBinary(classes, width!)
  ) {
    throw new UsageError(
      `Expected an output for each of the ${classes} classes of this data, got (batch, ${shownShape(output)}) from "${name}" of ${source}.`,
    );
  }
  if (ofClasses) {
    if (fits(shape, steps) || fits(shape, [...steps, 1])) {
      const concrete = shape.slice(0, steps.length);
      return loss.targets === "classes" ? concrete : [...concrete, width ?? 1];
    }
    const oneHot = fits(shape, output) ? ` One-hot rows are for categoricalCrossentropy.` : "";
    throw mismatch(
      `class numbers (${shownShape(steps)})`,
      `(${shape.join(", ")})`,
      name,
      output,
      source,
      oneHot,
    );
  }
  if (fits(shape, output)) return shape;
  if (width === 1 && fits(shape, steps)) return [...shape, 1];
  throw mismatch(`targets (${shownShape(output)})`, `(${shape.join(", ")})`, name, output, source);
}

function isBinary(classes: number, width: number): boolean {
  return classes === 2 && width === 1;
}

function fits(shape: readonly number[], wanted: Shape): boolean {
  return shape.length === wanted.length && wanted.every((side, i) => side === null || side === shape[i]);
}

function shownShape(shape: Shape): string {
  return shape.length === 0 ? "one number each" : shape.map((side) => side ?? "any").join(", ");
}

function mismatch(
  expected: string,
  got: string,
  name: string,
  output: Shape,
  source: string,
  advice = "",
): UsageError {
  return new UsageError(
    `Expected ${expected} for the output "${name}" (batch, ${shownShape(output)}) of ${source}, got ${got}.${advice}`,
  );
}

/**
 * The dataset with targets as the goal's losses take them: class numbers one-hot where a loss is of numbers, −1 and 1 for
 * hinges; and checked to be what the losses mean.
 * @param what messages call the samples: "training"
 * @throws UsageError naming the sample
 */
export function withTargetsFor(goal: Goal, dataset: Dataset, what: string): Dataset {
  if (goal.objective) return dataset;
  return {
    ...dataset,
    targets: dataset.targets.map((target, i) => converted(goal.outputs[i]!, target, what)),
  };
}

function converted(output: OutputGoal, target: Target, what: string): Target {
  const { loss, targetShape, width } = output;
  const { values, classes } = target;
  const rest = {
    ...(target.names ? { names: target.names } : {}),
    ...(target.weights ? { weights: target.weights } : {}),
  };
  if (loss.ofRow === undefined) return { ...target, shape: targetShape };
  if (loss.targets === "classes") {
    checkClasses(target, width, output, what);
    return { values, shape: targetShape, classes: classes ?? width, ...rest };
  }
  const isHinge = /hinge$/i.test(loss.name);
  if (classes === undefined) {
    if (
      isHinge &&
      everyValue(target, (value) => value === 0 || value === 1) &&
      !loss.name.startsWith("categorical")
    ) {
      throw new UsageError(
        `Expected labels of −1 and 1 for ${loss.name} of "${output.name}", got 0 and 1 in the ${what} data. Give 2y − 1 in their place.`,
      );
    }
    return { values, shape: targetShape, ...rest };
  }
  const low = isHinge && !loss.name.startsWith("categorical") ? -1 : 0;
  if (width === 1) {
    return {
      values: Float32Array.from(arrayOf(target), (label) => (label === 1 ? 1 : low)),
      shape: targetShape,
      ...rest,
    };
  }
  const labels = arrayOf(target);
  const oneHot = new Float32Array(labels.length * width).fill(low);
  for (let i = 0; i < labels.length; i++) oneHot[i * width + labels[i]!] = 1;
  return { values: oneHot, shape: targetShape, ...rest };
}

function everyValue(field: Field, holds: (value: number) => boolean): boolean {
  for (const values of blocksOf(field)) if (!values.every(holds)) return false;
  return true;
}

function checkClasses(field: Field, width: number, output: OutputGoal, what: string): void {
  const end = width || 2 ** 24; // of an output whose size is known only when it is computed
  let before = 0;
  for (const values of blocksOf(field)) {
    const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < end));
    if (wrong >= 0) {
      const sample = Math.floor((before + wrong) / sizeOf(field.shape));
      throw new UsageError(
        `Expected class numbers from 0 to ${end - 1} for ${output.loss.name} of "${output.name}", got ${values[wrong]!} in ${what} sample ${sample}.`,
      );
    }
    before += values.length;
  }
}

import { describe } from "../data/arrays.js";
import { arrayOf, sizeOf, type ArrayField, type Dataset, type Target } from "../data/dataset.js";
import { fieldFrom, givenFields, isList, isMap, type GivenFields, type Slot } from "../data/given-fields.js";
import { expectWeights, type ModelSlots } from "../data/in-memory.js";
import { UsageError } from "../errors.js";

/** What the samples of a class count, by its number. */
export type ClassWeight = Readonly<Record<number, number>>;

/** For the one output of a model, or for each of several: in a list, or by the outputs' names. */
export type ClassWeights =
  ClassWeight | readonly (ClassWeight | null)[] | Readonly<Record<string, ClassWeight>>;

/** What samples count. */
export interface GivenWeights {
  readonly sampleWeight?: GivenFields | undefined;
  readonly classWeight?: ClassWeights | undefined;
}

/**
 * Samples and what is to be predicted of them, as `fit` is given them.
 * @param names what messages call x and y
 * @throws UsageError
 */
export async function samplesOf(
  x: unknown,
  y: unknown,
  { inputs, outputs }: ModelSlots,
  names = { x: "x", y: "y" },
): Promise<Dataset> {
  const given = await givenFields(x, names.x, inputs);
  const { count } = given;
  const wanted = await givenFields(y, names.y, outputs, { count, name: names.x });
  return { count, inputs: given.fields, targets: wanted.fields };
}

/** The samples with what each counts: its own weight times that of its class. */
export async function weighted(
  dataset: Dataset,
  { sampleWeight, classWeight }: GivenWeights,
  outputs: readonly Slot[],
): Promise<Dataset> {
  const { count, targets } = dataset;
  const own = sampleWeight === undefined ? [] : await sampleWeights(sampleWeight, count, outputs);
  const ofClasses = classWeight === undefined ? [] : classWeights(classWeight, outputs);
  const counted = targets.map((target, i) => {
    const table = ofClasses[i];
    const weights = table ? timesClasses(own[i], target, table, outputs[i]!.name, count) : own[i];
    return weights ? { ...target, weights } : target;
  });
  const isOfNothing = ({ weights }: Target) => weights && arrayOf(weights).every((weight) => weight === 0);
  if (count > 0 && counted.every(isOfNothing)) {
    throw new UsageError(
      "Expected a sample that counts, got weights of 0 for all (sampleWeight times classWeight).",
    );
  }
  return { ...dataset, targets: counted };
}

async function sampleWeights(given: unknown, count: number, outputs: readonly Slot[]): Promise<ArrayField[]> {
  const name = "sampleWeight";
  const slots = outputs.map((output) => ({ name: output.name, shape: undefined }));
  const fields =
    isMap(given) || isList(given, outputs.length)
      ? (await givenFields(given, name, slots)).fields
      : new Array<ArrayField>(outputs.length).fill(await fieldFrom(given, name));
  for (const field of fields) expectWeights(field, count, name);
  return fields;
}

function classWeights(given: ClassWeights, outputs: readonly Slot[]): (ClassWeight | undefined)[] {
  const names = outputs.map(({ name }) => name);
  const table = given as Readonly<Record<string, unknown>>;
  const byName = !Array.isArray(given) && names.some((name) => typeof table[name] === "object");
  if (Array.isArray(given) ? given.length !== names.length : !byName && names.length > 1) {
    throw new UsageError(
      `Expected classWeight for each of the outputs ${names.join(", ")}, in a list or by their names, got ${describe(given)}.`,
    );
  }
  if (!Array.isArray(given) && !byName) return [given as ClassWeight];
  return names.map((name, i) => {
    const own = Array.isArray(given) ? (given[i] as unknown) : table[name];
    return (own ?? undefined) as ClassWeight | undefined;
  });
}

/** The weights of samples, those of their classes multiplied into them. */
function timesClasses(
  own: ArrayField | undefined,
  target: Target,
  table: ClassWeight,
  name: string,
  count: number,
): ArrayField {
  const size = sizeOf(target.shape);
  if (target.shape.length > 1) {
    throw new UsageError(
      `Expected class numbers or one-hot rows, one for each sample, for classWeight of the output "${name}", got targets (${target.shape.join(", ")}). Use sampleWeight.`,
    );
  }
  const values = arrayOf(target);
  const steps = own ? sizeOf(own.shape) : 1;
  const weights = new Float32Array(count * steps).fill(1);
  if (own) weights.set(own.values);
  for (let i = 0; i < count; i++) {
    const label = size === 1 ? values[i]! : classOf(values, i * size, size);
    if (label === undefined) {
      throw new UsageError(
        `Expected class numbers or one-hot rows for classWeight of the output "${name}", got neither in sample ${i}. Use sampleWeight.`,
      );
    }
    const weight = table[label];
    if (typeof weight !== "number" || !(weight >= 0) || !Number.isFinite(weight)) {
      throw new UsageError(
        `Expected classWeight to have a number of 0 or more for every class of the training samples, got ${describe(weight)} for class ${label} of sample ${i}.`,
      );
    }
    for (let step = 0; step < steps; step++) weights[i * steps + step]! *= weight;
  }
  return { values: weights, shape: own?.shape ?? [] };
}

/** Where the one is in the one-hot row of `size` values from `at` on; undefined where it is no such row. */
function classOf(values: ArrayLike<number>, at: number, size: number): number | undefined {
  let found: number | undefined;
  for (let i = 0; i < size; i++) {
    const value = values[at + i]!;
    if (value === 0) continue;
    if (value !== 1 || found !== undefined) return undefined;
    found = i;
  }
  return found;
}

import { UsageError } from "../errors.js";
import { adviceOn, describe, flatNumbers, isTensor, type FlatNumbers, type Numbers } from "./arrays.js";
import { sizeOf, type ArrayField, type Values } from "./dataset.js";

/** Numbers for one input or output of a model, for each of them in a list, or by their names. */
export type GivenFields = Numbers | readonly Numbers[] | Readonly<Record<string, Numbers>>;

/** An input or output of a model that is to be fed. */
export interface Slot {
  readonly name: string;
  /** Of a sample, where the model says it: what numbers without a shape of their own get. */
  readonly shape: readonly number[] | undefined;
}

/**
 * The arrays of all samples for the slots, in their order; bytes, int32 and float32 in typed arrays are not copied.
 * @param name what messages call them: `x`, `data.train.targets`
 * @param samples how many there are, where others than these have said it
 * @throws UsageError
 */
export async function givenFields(
  given: unknown,
  name: string,
  slots: readonly Slot[],
  samples?: { readonly count: number; readonly name: string },
): Promise<{ fields: ArrayField[]; count: number }> {
  const { parts, names } = partsOf(given, name, slots);
  const fields: ArrayField[] = [];
  let count = samples?.count;
  for (const [i, part] of parts.entries()) {
    const field = await fieldFrom(part, names[i]!, slots[i]?.shape, count);
    const rows = field.values.length / sizeOf(field.shape);
    if (count !== undefined && rows !== count) {
      throw new UsageError(
        `Expected as many samples in ${names[i]!} as in ${samples?.name ?? names[0]!}, got ${rows} and ${count}.`,
      );
    }
    count ??= rows;
    fields.push(field);
  }
  if (!count) throw new UsageError(`Expected at least one sample in ${name}, got none.`);
  return { fields, count };
}

function partsOf(given: unknown, name: string, slots: readonly Slot[]) {
  if (isList(given, slots.length)) {
    if (given.length !== slots.length) {
      throw new UsageError(
        `Expected ${slots.length} ${slots.length === 1 ? "array" : "arrays"} in ${name}, one for each of ${listed(slots)}, got ${given.length}.`,
      );
    }
    return { parts: given, names: given.map((_, i) => (given.length === 1 ? name : `${name}[${i}]`)) };
  }
  if (isMap(given)) {
    const unknown = Object.keys(given).find((key) => !slots.some((slot) => slot.name === key));
    const missing = slots.find((slot) => !(slot.name in given));
    if (unknown !== undefined || missing) {
      throw new UsageError(
        `Expected ${name} by the model's names, ${listed(slots)}, got ${Object.keys(given).join(", ") || "none"}.${adviceOn(given)}`,
      );
    }
    return {
      parts: slots.map((slot) => given[slot.name]),
      names: slots.map((slot) => `${name}.${slot.name}`),
    };
  }
  if (slots.length !== 1) {
    throw new UsageError(
      `Expected ${slots.length} arrays in ${name}, one for each of ${listed(slots)}, got ${describe(given)}.${adviceOn(given)}`,
    );
  }
  return { parts: [given], names: [name] };
}

/** Arrays of tensors are lists; arrays of arrays are where the model has so many slots, else they are rows. */
export function isList(given: unknown, slots: number): given is readonly unknown[] {
  if (!Array.isArray(given)) return false;
  return (
    given.some(isTensor) || (slots > 1 && given.length === slots && given.every((x) => typeof x === "object"))
  );
}

export function isMap(given: unknown): given is Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given) || isTensor(given)) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
}

function listed(slots: readonly Slot[]): string {
  return slots.map(({ name }) => name).join(", ");
}

/**
 * One array as a field.
 * @param shape of a sample, where neither the array nor `count` says it
 */
export async function fieldFrom(
  given: unknown,
  name: string,
  shape?: readonly number[],
  count?: number,
): Promise<ArrayField> {
  const flat = await flatNumbers(given, name);
  const { length } = flat.values;
  const own = flat.shape?.slice(1) ?? shapeOf(length, shape, count);
  const size = sizeOf(own);
  if (length % size !== 0) {
    throw new UsageError(
      `Expected samples of shape [${own.join(", ")}] in ${name}, got ${length} numbers, which make ${(length / size).toFixed(2)} samples.`,
    );
  }
  const values = storable(flat.values);
  expectFinite(values, flat.values, size, name);
  return { values, shape: own };
}

/** Of one sample in numbers without a shape; those of a class each are one number where the model has one for each class. */
function shapeOf(
  length: number,
  shape: readonly number[] | undefined,
  count: number | undefined,
): readonly number[] {
  const fits = shape !== undefined && (!count || length === count * sizeOf(shape));
  if (fits) return shape;
  return count && length % count === 0 ? [length / count] : (shape ?? []);
}

/** As they are kept and handed to the ranks: bytes as bytes, int32 as int32, all else as float32. */
export function storable(values: FlatNumbers["values"]): Values {
  if (values instanceof Uint8Array || values instanceof Int32Array || values instanceof Float32Array) {
    return values;
  }
  if (values instanceof Uint8ClampedArray) {
    return new Uint8Array(values.buffer, values.byteOffset, values.length);
  }
  return Float32Array.from(values);
}

/** @param given as they were, for the message: float32 makes infinity of 1e39 */
export function expectFinite(values: Values, given: FlatNumbers["values"], size: number, name: string): void {
  if (!(values instanceof Float32Array)) return;
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new UsageError(
    `Expected finite numbers in ${name}, got ${given[wrong]!} in sample ${Math.floor(wrong / size)}, feature ${wrong % size}.`,
  );
}

import { types } from "node:util";
import { UsageError } from "../errors.js";

/** Numbers in arrays of arrays, rows first; the innermost may be typed arrays. */
type NestedNumbers = readonly (number | NestedNumbers | TypedNumbers)[];
type TypedNumbers = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Uint8ClampedArray; // prettier-ignore

/** A `tf.Tensor` of any copy of TensorFlow.js, as far as it is looked at here. */
interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  data(): Promise<ArrayLike<unknown>>;
}

/** Numbers as a program may hold them. */
export type Numbers = TypedNumbers | NestedNumbers | TensorLike;

/** Numbers in one row-major array; `shape` is undefined where they came in one row, so that nothing says it. */
export interface FlatNumbers {
  readonly values: TypedNumbers;
  readonly shape: readonly number[] | undefined;
}

/**
 * The numbers of `given` in one array; typed arrays are not copied.
 * @param name what messages call it: `data.train.features`
 * @throws UsageError
 */
export async function flatNumbers(given: unknown, name: string): Promise<FlatNumbers> {
  if (isTypedNumbers(given)) return { values: given, shape: undefined };
  if (Array.isArray(given)) return flattenArrays(given, name);
  if (isTensor(given)) return readTensor(given, name);
  throw new UsageError(
    `Expected ${name} to be a typed array, an array (of arrays) of numbers, or a tensor, got ${describe(given)}.${adviceOn(given)}`,
  );
}

/** What a value is, in a word or two. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "string") return `"${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (isTensor(value)) return `a tensor of shape [${value.shape.join(", ")}]`;
  if (isTensorFlowDataset(value)) return "a tf.data.Dataset";
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor.name ?? "Object";
  return name === "Object" ? `an object with ${Object.keys(value).join(", ") || "nothing in it"}` : name;
}

/** What to do with a value that holds samples in a way of its own; empty where nothing is known of it. */
export function adviceOn(value: unknown): string {
  if (isTensorFlowDataset(value)) {
    return " Collect it first: await dataset.toArray() gives the samples of one that is not batched.";
  }
  return types.isPromise(value) ? " Await it first." : "";
}

export function isTensor(value: unknown): value is TensorLike {
  const { shape, dtype, data } = (value ?? {}) as Partial<TensorLike>;
  return Array.isArray(shape) && typeof dtype === "string" && typeof data === "function";
}

function isTensorFlowDataset(value: unknown): boolean {
  return typeof (value as { forEachAsync?: unknown } | null | undefined)?.forEachAsync === "function";
}

function isTypedNumbers(value: unknown): value is TypedNumbers {
  return types.isTypedArray(value) && !types.isBigInt64Array(value) && !types.isBigUint64Array(value);
}

async function readTensor(tensor: TensorLike, name: string): Promise<FlatNumbers> {
  let values: unknown;
  try {
    values = await tensor.data();
  } catch (error) {
    throw new UsageError(
      `Expected ${name} to be a tensor that can be read, but: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  if (!isTypedNumbers(values) || tensor.dtype === "complex64") {
    throw new UsageError(`Expected ${name} to be a tensor of numbers, got one of dtype ${tensor.dtype}.`);
  }
  return { values, shape: tensor.shape.length > 1 ? tensor.shape : undefined };
}

function flattenArrays(rows: readonly unknown[], name: string): FlatNumbers {
  const shape: number[] = [];
  for (let first: unknown = rows; isRow(first); first = first[0]) shape.push(first.length);
  const values = new Float64Array(shape.reduce((product, side) => product * side, 1));
  let at = 0;
  const copy = (item: unknown, depth: number, path: string): void => {
    if (depth === shape.length) {
      if (typeof item !== "number")
        throw new UsageError(`Expected numbers in ${name}, got ${describe(item)} at ${path}.`);
      values[at++] = item;
      return;
    }
    if (!isRow(item) || item.length !== shape[depth]) {
      const got = isRow(item) ? `one of ${item.length}` : describe(item);
      throw new UsageError(`Expected rows of ${shape[depth]!} in ${name} everywhere, got ${got} at ${path}.`);
    }
    for (let i = 0; i < item.length; i++) copy(item[i], depth + 1, `${path}[${i}]`);
  };
  copy(rows, 0, "");
  return { values, shape: shape.length > 1 ? shape : undefined };
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedNumbers(value);
}

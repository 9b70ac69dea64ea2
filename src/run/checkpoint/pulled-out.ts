/*
 * Values with their long vectors pulled out, so that vectors are written and read as they lie in memory, one by one: packed
 * with the rest they would be there twice.
 */

const TYPES = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const;

/** A vector of a checkpoint. */
export type LongVector = InstanceType<(typeof TYPES)[keyof typeof TYPES]>;

/** What is known of a vector before it is read. */
export interface VectorKind {
  readonly type: keyof typeof TYPES;
  readonly length: number;
}

/** Shorter ones are packed. */
const LONG = 1024;
const PLACE = "vector of the checkpoint";

/** `value` with numbers in place of its long vectors; one that is there twice is pulled out once. */
export function pullOut(value: unknown): { readonly rest: unknown; readonly vectors: LongVector[] } {
  const numbers = new Map<LongVector, number>();
  const rest = mapped(value, (leaf) => {
    if (!isLong(leaf)) return leaf;
    const number = numbers.get(leaf) ?? numbers.size;
    numbers.set(leaf, number);
    return { [PLACE]: number };
  });
  return { rest, vectors: [...numbers.keys()] };
}

/** The value that `pullOut` took apart. */
export function putBack(rest: unknown, vectors: readonly LongVector[]): unknown {
  return mapped(
    rest,
    (leaf) => leaf,
    (place) => vectors[place]!,
  );
}

export function kindOf(vector: LongVector): VectorKind {
  return { type: vector.constructor.name as VectorKind["type"], length: vector.length };
}

/** A vector of zeros. */
export function vectorOf({ type, length }: VectorKind): LongVector {
  return new TYPES[type](length);
}

/** The bytes of a vector, not a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: LongVector): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isLong(value: unknown): value is LongVector {
  return Object.values(TYPES).some((Type) => value instanceof Type && value.byteLength >= LONG);
}

/** `value` with other leaves; plain objects and arrays are gone through. */
function mapped(
  value: unknown,
  leaf: (value: unknown) => unknown,
  place?: (number: number) => unknown,
): unknown {
  if (Array.isArray(value)) return value.map((one) => mapped(one, leaf, place));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return leaf(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return leaf(value);
  const at = (value as Record<string, unknown>)[PLACE];
  if (place && typeof at === "number") return place(at);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, leaf, place)]));
}

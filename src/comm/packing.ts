import { addExtension, Packr } from "msgpackr";

/** Stands for −0, which msgpackr writes as the integer 0. */
class MinusZero {
  readonly value = -0;
}
const MINUS_ZERO = new MinusZero();
addExtension({ Class: MinusZero, type: 0x2d, pack: () => Buffer.alloc(0), unpack: () => -0 });

/** Records stay off: a message must not depend on those before it. Typed arrays keep their type. */
const packr = new Packr({ useRecords: false, structuredClone: true, moreTypes: true });

/** Numbers in plain objects and arrays keep their bits. */
export function packObject(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(withMinusZeros(value, new Map())));
}

export function unpackObject(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** `value`, copied where a −0 is in it; what is there twice stays one. */
function withMinusZeros(value: unknown, known: Map<object, unknown>): unknown {
  if (Object.is(value, -0)) return MINUS_ZERO;
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!isPlain) return value;
  if (known.has(value)) return known.get(value);
  known.set(value, value); // a circle, which msgpackr refuses, ends here
  const all = Object.entries(value);
  const kept = all.map(([key, one]): [string, unknown] => [key, withMinusZeros(one, known)]);
  if (kept.every(([, one], i) => Object.is(one, all[i]![1]))) return value;
  const copy: unknown = Array.isArray(value) ? kept.map(([, one]) => one) : Object.fromEntries(kept);
  known.set(value, copy);
  return copy;
}

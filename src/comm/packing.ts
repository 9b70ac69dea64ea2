import { Packr } from "msgpackr";

/** Records stay off: a message must not depend on those before it. Typed arrays keep their type. */
const packr = new Packr({ useRecords: false, structuredClone: true, moreTypes: true });

export function packObject(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value));
}

export function unpackObject(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

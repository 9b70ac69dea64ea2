/** A .npy file of version 1 whose numbers are already bytes. */
export function npyBytes(
  descr: string,
  shape: readonly number[],
  data: Uint8Array,
  { fortran = false, version = 1 } = {},
): Buffer {
  const sides = shape.length === 1 ? `${shape[0]!},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${sides}), }`;
  const prefix = version === 1 ? 10 : 12;
  const header = text.padEnd(Math.ceil((prefix + text.length + 1) / 64) * 64 - prefix - 1) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), version, 0]);
  const length = Buffer.alloc(prefix - 8);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([start, length, Buffer.from(header, "latin1"), data]);
}

/** The bytes of a typed array. */
export function bytesOf(array: ArrayBufferView): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

export function npyOf(descr: string, shape: readonly number[], array: ArrayBufferView): Buffer {
  return npyBytes(descr, shape, bytesOf(array));
}

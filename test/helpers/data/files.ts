/** An idx file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 0x08;
  header[3] = shape.length;
  shape.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** A CIFAR-10 record: the label, then byte(channel, pixel) plane after plane. */
export function cifarRecord(label: number, byte: (channel: number, pixel: number) => number): Buffer {
  const planes = Array.from({ length: 3 * 1024 }, (_, i) => byte(Math.floor(i / 1024), i % 1024));
  return Buffer.from([label, ...planes]);
}

import { crc32c } from "../crc32.js";

/** Length (8 bytes) and its checksum (4) before the data, and their checksum (4) behind: TFRecord, little-endian. */
const HEAD = 12;
const TAIL = 4;

/** A record of a TFRecord file. */
export function recordOf(data: Uint8Array): Buffer {
  const record = Buffer.alloc(HEAD + data.length + TAIL);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  record.set(data, HEAD);
  record.writeUInt32LE(masked(crc32c(data)), HEAD + data.length);
  return record;
}

/** The records that a file begins with, and where each ends; none from the first that is torn or damaged on. */
export function* recordsIn(content: Buffer): Generator<{ readonly data: Buffer; readonly end: number }> {
  for (let start = 0; start + HEAD <= content.length;) {
    if (content.readUInt32LE(start + 8) !== masked(crc32c(content.subarray(start, start + 8)))) return;
    const from = start + HEAD;
    const to = from + Number(content.readBigUInt64LE(start));
    if (to + TAIL > content.length) return;
    const data = content.subarray(from, to);
    if (content.readUInt32LE(to) !== masked(crc32c(data))) return;
    start = to + TAIL;
    yield { data, end: start };
  }
}

/** Data may hold checksums themselves: theirs is rotated by 15 bits and shifted by a constant. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

import { crc32 } from "../crc32.js";

/**
 * How a `.wandb` file begins: `:W&B`, the number 0xbee1 and version 0, little-endian. From there on it is a log as LevelDB
 * keeps it, but for its checksum, which is the plain CRC-32 (wandb/sdk/internal/datastore.py and core/pkg/leveldb of
 * github.com/wandb/wandb).
 */
export const FILE_HEAD = Buffer.from([...Buffer.from(":W&B"), 0xe1, 0xbe, 0]);

/** Blocks are counted from the file's first byte: the head takes part of the first. */
const BLOCK = 32 * 1024;

/** Before each chunk: checksum (4 bytes) of its type and data, length (2), type (1). */
const CHUNK_HEAD = 7;
const TYPE_AT = 6;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** A record as it is written at byte `offset` of a file: in as many chunks as blocks, none of which crosses a block's end. */
export function recordAt(offset: number, data: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  let room = BLOCK - (offset % BLOCK);
  if (room < CHUNK_HEAD) {
    parts.push(Buffer.alloc(room));
    room = BLOCK;
  }
  for (let from = 0, isFirst = true, isLast = false; !isLast; isFirst = false, room = BLOCK) {
    const to = Math.min(from + room - CHUNK_HEAD, data.length);
    isLast = to === data.length;
    const type = isFirst ? (isLast ? FULL : FIRST) : isLast ? LAST : MIDDLE;
    parts.push(chunkOf(type, data.subarray(from, to)));
    from = to;
  }
  return Buffer.concat(parts);
}

/** The records that a file begins with, and where each ends; none from the first that is torn or damaged on. */
export function* recordsIn(content: Buffer): Generator<{ readonly data: Buffer; readonly end: number }> {
  if (!content.subarray(0, FILE_HEAD.length).equals(FILE_HEAD)) return;
  let chunks: Buffer[] = [];
  for (let at = FILE_HEAD.length; ;) {
    const room = BLOCK - (at % BLOCK);
    if (room < CHUNK_HEAD) at += room;
    if (at + CHUNK_HEAD > content.length) return;
    const end = at + CHUNK_HEAD + content.readUInt16LE(at + 4);
    if (end > content.length) return;
    if (content.readUInt32LE(at) !== crc32(content.subarray(at + TYPE_AT, end))) return;
    const type = content[at + TYPE_AT]!;
    chunks.push(content.subarray(at + CHUNK_HEAD, end));
    at = end;
    if (type !== FULL && type !== LAST) continue;
    yield { data: Buffer.concat(chunks), end };
    chunks = [];
  }
}

function chunkOf(type: number, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(CHUNK_HEAD + data.length);
  chunk.writeUInt16LE(data.length, 4);
  chunk[TYPE_AT] = type;
  chunk.set(data, CHUNK_HEAD);
  chunk.writeUInt32LE(crc32(chunk.subarray(TYPE_AT)));
  return chunk;
}

import { Flag, HEAD_BYTES } from "../transport/wire.js";

/*
 * A channel is one direction between two ranks under one context and tag: frames in order, at most WINDOW bytes
 * of them sent and not yet read. The reader reports what it has read as one growing count of bytes; that count
 * opens the window again, and tells the sender that the memory it sent from is free. So a fast sender waits for a
 * slow reader, and the frames of a channel never take more than WINDOW bytes anywhere on the way.
 */

/** Bytes under way per channel. */
export const WINDOW = 8 << 20;

/** Up to this size a message is copied and its send done at once; a larger one travels from where it is. */
export const COPIED = 256 << 10;

/** What a frame counts against the window: what it takes of memory until it is read. */
export function weightOf(flags: number, payload: number): number {
  const inPlace = (flags & (Flag.inMemory | Flag.copied)) === Flag.inMemory;
  return HEAD_BYTES + (inPlace ? 0 : payload);
}

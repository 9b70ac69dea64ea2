import type { Locality } from "../transport/transport.js";
import { LARGEST_SEGMENT } from "../transport/wire.js";

/*
 * Into what frames a message is cut, by its size and the link it takes.
 */

/**
 * The smallest part of a message that is cut. A frame costs its reader and two I/O threads a wake-up each, about 0.1 ms
 * where cores are few: within a host more than copying 256 KB; over a network less than 64 KB take on the way.
 */
const SMALLEST_SEGMENT = { host: 256 << 10, network: 64 << 10 } as const;

/** Into how many parts a message is cut at least, so that sending it, passing it on and reading it overlap. */
const PARTS = { host: 2, network: 4 } as const;

/** The same where the receiver reads it from memory: nothing is under way, but it computes nothing else meanwhile. */
const SEGMENT_IN_MEMORY = 4 << 20;

/** From this size on, reading memory is quicker than a socket. */
const WORTH_READING = 16 << 10;

export function isWorthReading(bytes: number): boolean {
  return bytes >= WORTH_READING;
}

/** Bytes of a frame, the last but shorter, of a message of so many: a multiple of 64, so that elements stay whole. */
export function frameSize(bytes: number, link: Locality): number {
  if (link === "memory") return SEGMENT_IN_MEMORY;
  const part = Math.ceil(bytes / PARTS[link] / 64) * 64;
  return Math.min(LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT[link], part));
}

/** Frames of a message; an empty one has one, too. */
export function framesOf(bytes: number, link: Locality): number {
  return Math.max(1, Math.ceil(bytes / frameSize(bytes, link)));
}

import { randomBytes } from "node:crypto";

import type { PeerMemory } from "./peer-memory.js";

const TOKEN_BYTES = 16;

/*
 * The kernel looks up every page it copies from another process: pages of 4 KB cost as much again as the copying. So
 * a long buffer that keeps being sent or received is put on huge pages, which pays back within about twenty messages.
 */
const WORTH_COMPACTING = { from: 4 << 20, to: 512 << 20 } as const;
const COMPACT_AFTER = 8;

/**
 * Who may take payloads from whose memory. Each rank shows its neighbours on the host where a random token lies in
 * its memory; who can read it there, and finds the token that was told, may be sent addresses in place of payloads.
 * That settles permissions, process namespaces and recycled process ids at once.
 */
export class Sharing {
  readonly #token = randomBytes(TOKEN_BYTES);
  readonly #readers = new Set<number>();
  /** Bytes moved to or from long buffers; Infinity when they have been compacted. */
  readonly #moved = new WeakMap<ArrayBufferLike, number>();

  constructor(
    private readonly memory: PeerMemory,
    /** The process of a peer that shares this host's memory, if it does. */
    private readonly processOf: (peer: number) => number | undefined,
    /** Told why the memory of a peer that has offered it cannot be read. */
    private readonly onRefused: (reason: string) => void = () => undefined,
  ) {}

  /** Whether `peer` is of this host and has the means. */
  mayShare(peer: number): boolean {
    return this.processOf(peer) !== undefined;
  }

  /** What to tell `peer`, if there is hope. */
  offerTo(peer: number): Buffer | undefined {
    if (!this.mayShare(peer)) return undefined;
    return Buffer.concat([encodeSpan(this.memory.addressOf(this.#token), TOKEN_BYTES), this.#token]);
  }

  /** Whether the offer of `peer` holds: its memory can be read. */
  accepts(peer: number, offer: Buffer): boolean {
    if (offer.length === 0 || !this.mayShare(peer)) return false;
    try {
      const { address, length } = decodeSpan(offer);
      const found = Buffer.alloc(length);
      this.read(peer, address, found);
      if (found.equals(offer.subarray(SPAN_BYTES))) return true;
      this.onRefused("another process answers to its number");
    } catch (error) {
      this.onRefused((error as Error).message.replace(/ from process \d+/, ""));
    }
    return false;
  }

  addReader(peer: number): void {
    this.#readers.add(peer);
  }

  canBeReadBy(peer: number): boolean {
    return this.#readers.has(peer);
  }

  /** Where `payload` lies, for a peer to read. */
  spanOf(payload: Uint8Array): Buffer {
    this.#count(payload);
    return encodeSpan(this.memory.addressOf(payload), payload.byteLength);
  }

  read(peer: number, address: bigint, into: Uint8Array): void {
    const pid = this.processOf(peer);
    if (pid === undefined) throw new Error(`rank ${peer} does not share memory`);
    this.memory.read(pid, address, into);
    this.#count(into);
  }

  #count({ buffer, byteLength }: Uint8Array): void {
    const size = buffer.byteLength;
    if (size < WORTH_COMPACTING.from || size > WORTH_COMPACTING.to) return;
    const moved = (this.#moved.get(buffer) ?? 0) + byteLength;
    const due = moved >= COMPACT_AFTER * size && moved !== Infinity;
    this.#moved.set(buffer, due ? Infinity : moved);
    if (due) this.memory.compact(new Uint8Array(buffer));
  }
}

/** Reads memory of one peer. */
export type ReadMemory = (address: bigint, into: Uint8Array) => void;

/** A piece of a process's memory, as it travels. */
export interface Span {
  readonly address: bigint;
  readonly length: number;
}

const SPAN_BYTES = 16;

function encodeSpan(address: bigint, length: number): Buffer {
  const span = Buffer.allocUnsafe(SPAN_BYTES);
  span.writeBigUInt64LE(address);
  span.writeDoubleLE(length, 8);
  return span;
}

export function decodeSpan(bytes: Buffer): Span {
  return { address: bytes.readBigUInt64LE(0), length: bytes.readDoubleLE(8) };
}

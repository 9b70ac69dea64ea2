import type { ReadMemory } from "../transport/shared-memory/sharing.js";
import { COLLECTIVE } from "../transport/wire.js";
import type { Carrier } from "./carrier.js";
import { Incoming } from "./incoming.js";
import { Outgoing } from "./outgoing.js";

/** The channels of one rank, by peer, context and tag; each is made when it is first used. */
export class ChannelTable {
  readonly #incoming: readonly Map<number, Incoming>[];
  readonly #outgoing: readonly Map<number, Outgoing>[];

  constructor(private readonly carrier: Carrier) {
    const perPeer = <T>(): Map<number, T>[] =>
      Array.from({ length: carrier.size }, () => new Map<number, T>());
    this.#incoming = perPeer<Incoming>();
    this.#outgoing = perPeer<Outgoing>();
  }

  incoming(from: number, context: number, tag: number): Incoming {
    return entryOf(
      this.#incoming[from]!,
      keyOf(context, tag),
      () => new Incoming(this.carrier, from, context, tag),
    );
  }

  outgoing(to: number, context: number, tag: number): Outgoing {
    return entryOf(this.#outgoing[to]!, keyOf(context, tag), () => new Outgoing(this.carrier, to));
  }

  /** `peer` has read `bytes` in all of what came from here under `context` and `tag`, the last in `took` ms. */
  credited(peer: number, context: number, tag: number, bytes: number, took: number): void {
    this.#outgoing[peer]!.get(keyOf(context, tag))?.credited(bytes, took);
  }

  /** Lets go of the channels of a group that is closed; of those that lend memory, when it has been read. */
  forget(context: number): void {
    for (const channels of this.#incoming) {
      for (const [key, channel] of channels) {
        if (contextOf(key) !== context) continue;
        channel.report();
        channels.delete(key);
      }
    }
    for (const channels of this.#outgoing) {
      for (const [key, channel] of channels) {
        if (contextOf(key) !== context) continue;
        channel.whenIdle(() => channels.delete(key));
      }
    }
  }

  /** Whether `peer` may still read what this rank lent it. */
  lendsTo(peer: number): boolean {
    return [...this.#outgoing[peer]!.values()].some(({ lendsMemory }) => lendsMemory);
  }

  /** Copies what frames of `peer` that nobody has read yet left in its memory. */
  fetch(peer: number, read: ReadMemory): void {
    for (const channel of this.#incoming[peer]!.values()) channel.fetch(read);
  }
}

/** The value under `key`, made where there is none yet. */
function entryOf<T>(map: Map<number, T>, key: number, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** One number for (context, tag); tags start at COLLECTIVE = −1. */
function keyOf(context: number, tag: number): number {
  return context * 2 ** 31 + (tag - COLLECTIVE);
}

function contextOf(key: number): number {
  return Math.floor(key / 2 ** 31);
}

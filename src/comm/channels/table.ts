import type { Endpoint } from "../calls/endpoint.js";
import { Incoming } from "./incoming.js";
import { Outgoing } from "./outgoing.js";
import type { ReadMemory } from "./segment.js";
import { COLLECTIVE } from "../transport/wire.js";

/** The channels of one rank, by peer, context and tag; each is made when it is first used. */
export class Channels {
  readonly #incoming: readonly Map<number, Incoming>[];
  readonly #outgoing: readonly Map<number, Outgoing>[];

  constructor(private readonly endpoint: Endpoint) {
    const perPeer = <T>(): Map<number, T>[] =>
      Array.from({ length: endpoint.size }, () => new Map<number, T>());
    this.#incoming = perPeer<Incoming>();
    this.#outgoing = perPeer<Outgoing>();
  }

  incoming(from: number, context: number, tag: number): Incoming {
    const channels = this.#incoming[from]!;
    const key = keyOf(context, tag);
    let channel = channels.get(key);
    if (channel === undefined) {
      channel = new Incoming(this.endpoint, from, context, tag);
      channels.set(key, channel);
    }
    return channel;
  }

  outgoing(to: number, context: number, tag: number): Outgoing {
    const channels = this.#outgoing[to]!;
    const key = keyOf(context, tag);
    let channel = channels.get(key);
    if (channel === undefined) {
      channel = new Outgoing(this.endpoint, to);
      channels.set(key, channel);
    }
    return channel;
  }

  /** `peer` has read `bytes` in all of what came from here under `context` and `tag`. */
  credited(peer: number, context: number, tag: number, bytes: number): void {
    this.#outgoing[peer]!.get(keyOf(context, tag))?.credited(bytes);
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

/** One number for (context, tag); tags start at COLLECTIVE = −1. */
function keyOf(context: number, tag: number): number {
  return context * 2 ** 31 + (tag - COLLECTIVE);
}

function contextOf(key: number): number {
  return Math.floor(key / 2 ** 31);
}

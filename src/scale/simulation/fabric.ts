import { frameSize, isWorthReading } from "../../comm/channels/frame-size.js";
import type { Locality } from "../../comm/transport/transport.js";
import type { Random } from "../../random.js";
import type { Network } from "../model/links.js";
import type { Clock } from "./clock.js";

/** Part of a message that has come. */
export interface Arrival {
  readonly bytes: number;
  readonly isLast: boolean;
}

export interface Disturbance {
  /** Frames and pieces of work take longer by a share that is drawn for each, up to this one. */
  readonly jitter: number;
  readonly random: Random;
}

/**
 * What carries frames between ranks. A frame keeps its sender for o + βm, where the receiver reads it from memory for o, and
 * its receiver α later as long; ports take one frame at a time. Where hosts have one uplink for all of their ranks, a frame to
 * another host keeps that for βm as well, on both sides.
 */
export class Fabric {
  readonly #out: Float64Array;
  readonly #in: Float64Array;
  readonly #up: Float64Array;
  readonly #down: Float64Array;
  readonly #mailboxes = new Map<number, Mailbox>();
  frames = 0;
  bytes = 0;

  constructor(
    readonly clock: Clock,
    readonly network: Network,
    readonly ranks: number,
    private readonly disturbance?: Disturbance,
  ) {
    const hosts = Math.ceil(ranks / network.ranksPerHost);
    this.#out = new Float64Array(ranks);
    this.#in = new Float64Array(ranks);
    this.#up = new Float64Array(hosts);
    this.#down = new Float64Array(hosts);
  }

  /** Seconds with what disturbs them. */
  disturbed(seconds: number): number {
    if (!this.disturbance) return seconds;
    return seconds * (1 + this.disturbance.jitter * this.disturbance.random.uniform());
  }

  hostOf(rank: number): number {
    return Math.floor(rank / this.network.ranksPerHost);
  }

  /** Sends bytes [begin, end) of a message of `size` in frames. */
  send(from: number, to: number, tag: number, size: number, begin = 0, end = size): void {
    const link = this.#linkBetween(from, to, size);
    const step = frameSize(size, link);
    let at = begin;
    do {
      const next = Math.min(at + step, end);
      this.#carry(from, to, link, tag, { bytes: next - at, isLast: next === size });
      at = next;
    } while (at < end);
  }

  mailbox(from: number, to: number, tag: number): Mailbox {
    const key = (tag * this.ranks + from) * this.ranks + to;
    let box = this.#mailboxes.get(key);
    if (box === undefined) this.#mailboxes.set(key, (box = new Mailbox()));
    return box;
  }

  #linkBetween(from: number, to: number, size: number): Locality {
    if (this.hostOf(from) !== this.hostOf(to)) return "network";
    return this.network.memory && isWorthReading(size) ? "memory" : "host";
  }

  #carry(from: number, to: number, link: Locality, tag: number, arrival: Arrival): void {
    this.frames++;
    this.bytes += arrival.bytes;
    const { latency, overhead, perByte } = this.network.links[link];
    const moving = this.disturbed(perByte * arrival.bytes);
    const begun = Math.max(this.clock.now, this.#out[from]!);
    const left = link === "network" ? this.#leave(from, begun + overhead, moving) : begun + overhead;
    this.#out[from] = link === "memory" ? left : left + moving;
    this.clock.at(left + this.disturbed(latency), () => {
      const come = link === "network" ? this.#come(to, moving) : this.clock.now + moving;
      const done = (this.#in[to] = Math.max(come, this.#in[to]! + overhead + moving));
      this.clock.at(done, () => {
        this.mailbox(from, to, tag).put(arrival);
      });
    });
  }

  /** @returns when a frame that its sender is done with at `time` sets out on its host's uplink */
  #leave(from: number, time: number, moving: number): number {
    if (!this.network.sharedUplink) return time;
    const host = this.hostOf(from);
    const left = Math.max(time, this.#up[host]!);
    this.#up[host] = left + moving;
    return left;
  }

  /** @returns when a frame whose first byte has come to the host of its receiver is there as a whole */
  #come(to: number, moving: number): number {
    const { now } = this.clock;
    if (!this.network.sharedUplink) return now + moving;
    const host = this.hostOf(to);
    return (this.#down[host] = Math.max(now, this.#down[host]!) + moving);
  }
}

/** What has come from one rank to another, in order, and who waits for it. */
class Mailbox {
  readonly #arrived: Arrival[] = [];
  readonly #waiting: ((arrival: Arrival) => void)[] = [];

  put(arrival: Arrival): void {
    const reader = this.#waiting.shift();
    if (reader) reader(arrival);
    else this.#arrived.push(arrival);
  }

  take(): Arrival | Promise<Arrival> {
    const arrival = this.#arrived.shift();
    return arrival ?? new Promise((resolve) => this.#waiting.push(resolve));
  }
}

import * as zmq from "zeromq";

import { LinkWatch } from "./link-watch.js";
import { COMMON, type Security } from "./sockets.js";
import type { Receiver, Transport } from "./transport.js";
import { LARGEST_SEGMENT } from "./wire.js";

/** How long a link may take to open. */
const OPENING_MS = 10_000;

/** After a link broke, how long a goodbye that came another way may take to be read. */
const GOODBYE_MS = 500;

/** Where a rank can be reached. */
export interface InboxAddress {
  /** Equal for ranks that can reach each other by `ipc`. */
  readonly host: string;
  readonly ipc: string;
  readonly tcp: string;
}

/**
 * ZeroMQ between processes. Every rank has one inbox, a PULL socket bound to a local address and a TCP port, read by
 * one loop; to each peer it writes to, a PUSH socket that connects on first use: `ipc` within a host, else `tcp`.
 * A link thus carries frames one way; its other way only answers handshakes and heartbeats, from the peer's I/O
 * thread, whatever its JavaScript does. That is what tells a dead or stopped peer from a busy one.
 */
export class ZeromqTransport implements Transport {
  readonly #links = new Map<number, Link>();
  #closed = false;
  #receiver: Receiver | undefined;

  constructor(
    private readonly inbox: zmq.Pull,
    readonly rank: number,
    private readonly peers: readonly InboxAddress[],
    private readonly security: Security,
    private readonly tcpOnly: boolean,
  ) {}

  get size(): number {
    return this.peers.length;
  }

  onOneHost(ranks: readonly number[]): boolean {
    return ranks.every((rank) => this.peers[rank]!.host === this.peers[ranks[0]!]!.host);
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#read(receiver).catch((error: unknown) => {
      if (!this.#closed) throw error;
    });
  }

  async #read(receiver: Receiver): Promise<void> {
    while (!this.inbox.closed) {
      const [head, body] = await this.inbox.receive();
      receiver.frame(head!, body);
    }
  }

  post(to: number, head: Buffer, body?: Uint8Array): void {
    if (this.#closed) return;
    let link = this.#links.get(to);
    if (link === undefined) {
      link = new Link(this.#addressOf(to), this.security, (reason) => this.#receiver?.lost(to, reason));
      this.#links.set(to, link);
    }
    link.post(head, body);
  }

  #addressOf(to: number): string {
    const [own, peer] = [this.peers[this.rank]!, this.peers[to]!];
    const local = !this.tcpOnly && peer.ipc !== "" && own.host === peer.host;
    return local ? peer.ipc : peer.tcp;
  }

  close(lingerMs: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    // ZeroMQ's own thread sends what is queued; a process that ends waits for it, for lingerMs at most.
    for (const link of this.#links.values()) link.close(lingerMs);
    this.inbox.close();
    return Promise.resolve();
  }
}

/**
 * A bound inbox for one rank. Frames beyond a segment's size are not ours: ZeroMQ drops who sends them. It answers
 * heartbeats and sends none: links are watched from the side that writes, and libzmq 4.3.5 aborts the process where the
 * heartbeat of a socket that no longer reads meets a broken link (libzmq issue 4364).
 */
export function newInbox(security: Security): zmq.Pull {
  return new zmq.Pull({
    linger: 0,
    ...security.listening,
    receiveHighWaterMark: 0,
    maxMessageSize: LARGEST_SEGMENT + 4096,
  });
}

class Link {
  readonly #socket: zmq.Push;
  readonly #timers = new Set<NodeJS.Timeout>();
  #lost = false;

  constructor(
    address: string,
    security: Security,
    private readonly onLost: (reason: string) => void,
  ) {
    this.#socket = new zmq.Push({
      ...COMMON,
      ...security.connecting,
      sendHighWaterMark: 0,
      sendTimeout: 0, // a send happens in the call: a later one never meets it half done (EBUSY)
    });
    let isOpen = false;
    const opening = this.#after(OPENING_MS, () => {
      if (isOpen) return;
      const why = watch.refused ? "refuses this rank's key" : "does not answer";
      this.#lose(`cannot be reached: ${address} ${why}`);
    });
    const watch = new LinkWatch(this.#socket, {
      open: () => {
        isOpen = true;
        clearTimeout(opening);
      },
      broken: () => {
        this.#after(GOODBYE_MS, () => {
          this.#lose("is gone: its link broke");
        });
      },
    });
    this.#socket.connect(address);
  }

  post(head: Buffer, body: Uint8Array | undefined): void {
    if (this.#lost) return;
    // Without a high-water mark a send never has to wait, and sendTimeout 0 keeps zeromq.js from trying to.
    this.#socket.send(body === undefined ? head : [head, body]).catch(() => undefined);
  }

  close(lingerMs: number): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.linger = this.#lost ? 0 : lingerMs;
    this.#lost = true;
    this.#socket.close();
  }

  #lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.onLost(reason);
  }

  /** What had happened when the time was up is read before `action`: a rank that computes looks up late. */
  #after(milliseconds: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      setImmediate(action);
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }
}

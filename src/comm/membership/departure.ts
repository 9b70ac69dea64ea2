import { setTimeout as sleep } from "node:timers/promises";

/** How long a rank that closes waits for the others to take leave. */
const LEAVE_MS = 2000;

/** A rank's leave of its peers: each confirms that it has everything, or has left before. */
export class Departure {
  readonly #awaited: Set<number>;
  #confirmed!: () => void;
  readonly #all = new Promise<void>((resolve) => (this.#confirmed = resolve));

  constructor(peers: Iterable<number>) {
    this.#awaited = new Set(peers);
    this.#settle();
  }

  /** `peer` has all it will ever take. */
  confirmed(peer: number): void {
    this.#awaited.delete(peer);
    this.#settle();
  }

  /** Waits until all have confirmed, for a while; longer, up to `timeoutMs`, for one that may yet read what lies here. */
  async complete(mayRead: (peer: number) => boolean, timeoutMs: number): Promise<void> {
    await this.#within(LEAVE_MS);
    if ([...this.#awaited].some(mayRead)) await this.#within(timeoutMs); // it computes
  }

  async #within(milliseconds: number): Promise<void> {
    const patience = new AbortController();
    await Promise.race([
      this.#all,
      sleep(milliseconds, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }

  #settle(): void {
    if (this.#awaited.size === 0) this.#confirmed();
  }
}

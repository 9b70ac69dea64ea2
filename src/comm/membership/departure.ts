import { setTimeout as sleep } from "node:timers/promises";

/** A rank's leave of its peers: each confirms that it has everything, or has left before. */
export class Departure {
  readonly #awaited: Set<number>;
  #confirmed!: () => void;
  readonly #all = new Promise<void>((resolve) => (this.#confirmed = resolve));

  constructor(peers: Iterable<number>) {
    this.#awaited = new Set(peers);
    this.#settle();
  }

  /** Who has not confirmed yet. */
  get awaited(): readonly number[] {
    return [...this.#awaited];
  }

  /** `peer` has all it will ever take. */
  confirmed(peer: number): void {
    this.#awaited.delete(peer);
    this.#settle();
  }

  /** Waits until all have confirmed, for `milliseconds` at most. */
  async within(milliseconds: number): Promise<void> {
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

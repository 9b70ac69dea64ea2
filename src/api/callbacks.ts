/** The program's callbacks, which may be async: what one of them throws ends the training, and is what `train` rejects with. */
export class Callbacks {
  readonly #failed = new AbortController();

  /** Aborted when a callback has failed, or the program wishes to stop. */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal ? AbortSignal.any([signal, this.#failed.signal]) : this.#failed.signal;
  }

  /** Takes what a callback returned: of an async one, a promise. */
  heed(returned: unknown): void {
    Promise.resolve(returned).catch((error: unknown) => {
      this.#failed.abort(error); // the first counts
    });
  }

  /** Throws what a callback has thrown. */
  check(): void {
    this.#failed.signal.throwIfAborted();
  }
}

import type { EpochMetrics } from "../report/metrics.js";
import type { RunEvent } from "../run/events.js";

/** What a program wants to be told of its run. */
export interface RunCallbacks {
  /** Called at the end of every epoch. */
  readonly onEpoch?: ((metrics: EpochMetrics) => void | Promise<void>) | undefined;
  /** Called with everything the run tells of itself. */
  readonly onEvent?: ((event: RunEvent) => void | Promise<void>) | undefined;
}

/** The program's callbacks, which may be async: what one of them throws ends the training, and is what it rejects with. */
export class Callbacks {
  readonly #failed = new AbortController();
  #inOrder: Promise<unknown> = Promise.resolve();

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

  /** Shows the program an event of its run. */
  tell({ onEpoch, onEvent }: RunCallbacks, event: RunEvent): void {
    this.heed(onEvent?.(event));
    if (event.type === "epoch") this.heed(onEpoch?.(event.metrics));
  }

  /** Does what waits for all that was given here before; nothing more once one has failed. */
  inOrder(work: () => Promise<void>): void {
    this.#inOrder = this.#inOrder.then(work);
    this.heed(this.#inOrder);
  }

  /** Resolves when all work in order is done. */
  async settled(): Promise<void> {
    await this.#inOrder.catch(() => undefined); // `check` throws it
  }

  /** Throws what a callback has thrown. */
  check(): void {
    this.#failed.signal.throwIfAborted();
  }
}

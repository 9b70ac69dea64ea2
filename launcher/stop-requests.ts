/** What each signal asks for: a job stopped by a lost terminal ends as one that was terminated. */
const MEANING = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGTERM" } as const;
export type StopSignal = (typeof MEANING)[keyof typeof MEANING];
/** Signals that mean something to the ranks only, such as a batch system's warning of a time limit. */
const PASSED_ON = ["SIGUSR1", "SIGUSR2"] as const;

/**
 * What the outside asks of a job. The first request asks the ranks to stop, and they may take their time; the second
 * ends them now.
 */
export class StopRequests {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  readonly #closing = new AbortController();
  #passOn: (signal: NodeJS.Signals) => void = () => undefined;

  /** The first request's signal. */
  get stoppedBy(): StopSignal | undefined {
    return this.#first.signal.aborted ? (this.#first.signal.reason as StopSignal) : undefined;
  }

  request(signal: StopSignal): void {
    if (this.stoppedBy) this.#second.abort();
    else this.#first.abort(signal);
  }

  /**
   * Calls back on the first and the second request, also those already made, and on signals for the ranks, until
   * `until` is aborted.
   */
  listen(
    onFirst: (signal: StopSignal) => void,
    onSecond: () => void,
    passOn: (signal: NodeJS.Signals) => void,
    until: AbortSignal,
  ): void {
    this.#passOn = passOn;
    whenAborted(this.#first.signal, until, () => {
      onFirst(this.stoppedBy!);
    });
    whenAborted(this.#second.signal, until, onSecond);
  }

  /** Takes an abort of `signal` for a request. */
  follow(signal: AbortSignal): void {
    whenAborted(signal, this.#closing.signal, () => {
      this.request("SIGTERM");
    });
  }

  /** Takes this process's SIGINT, SIGTERM and SIGHUP for requests, and passes on SIGUSR1 and SIGUSR2. */
  followProcess(): void {
    for (const [received, meant] of Object.entries(MEANING)) {
      this.#onSignal(received as NodeJS.Signals, () => {
        this.request(meant);
      });
    }
    for (const signal of PASSED_ON) {
      this.#onSignal(signal, () => {
        this.#passOn(signal);
      });
    }
  }

  #onSignal(signal: NodeJS.Signals, handler: () => void): void {
    process.on(signal, handler);
    this.#closing.signal.addEventListener("abort", () => process.off(signal, handler));
  }

  /** Follows nothing any longer. */
  close(): void {
    this.#closing.abort();
  }
}

function whenAborted(signal: AbortSignal, until: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener("abort", then, { once: true, signal: until });
}

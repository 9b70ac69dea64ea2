/** What each signal asks for: a job stopped by a lost terminal ends as one that was terminated. */
const MEANING = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGTERM" } as const;
export type StopSignal = (typeof MEANING)[keyof typeof MEANING];
/** Signals that mean something to the ranks only, such as a batch system's warning of a time limit. */
const PASSED_ON = ["SIGUSR1", "SIGUSR2"] as const;

export interface StopListener {
  /** The first request. */
  stop(signal: StopSignal): void;
  /** The second. */
  kill(): void;
  passOn(signal: (typeof PASSED_ON)[number]): void;
}

/**
 * What the outside asks of a job. The first request asks the ranks to stop, and they may take their time; the second
 * ends them now.
 */
export class StopRequests {
  readonly #requests: StopSignal[] = [];
  readonly #closing = new AbortController();
  #listener: StopListener | undefined;

  /** The first request's signal. */
  get stoppedBy(): StopSignal | undefined {
    return this.#requests[0];
  }

  request(signal: StopSignal): void {
    this.#requests.push(signal);
    if (this.#requests.length === 1) this.#listener?.stop(signal);
    if (this.#requests.length === 2) this.#listener?.kill();
  }

  /** Tells `listener`, and nobody else, of requests, also of those already made. */
  listen(listener: StopListener | undefined): void {
    this.#listener = listener;
    if (this.stoppedBy) listener?.stop(this.stoppedBy);
    if (this.#requests.length > 1) listener?.kill();
  }

  /** Takes an abort of `signal` for a request. */
  follow(signal: AbortSignal): void {
    const ask = (): void => {
      this.request("SIGTERM");
    };
    if (signal.aborted) ask();
    else signal.addEventListener("abort", ask, { once: true, signal: this.#closing.signal });
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
        this.#listener?.passOn(signal);
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

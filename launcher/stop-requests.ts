/** What each signal asks for: a lost terminal and SLURM's warning of a time limit end a job as SIGTERM does. */
const MEANING = {
  SIGINT: "SIGINT",
  SIGTERM: "SIGTERM",
  SIGHUP: "SIGTERM",
  SIGUSR1: "SIGTERM",
  SIGUSR2: "SIGTERM",
} as const;
export type StopSignal = (typeof MEANING)[keyof typeof MEANING];

/**
 * What the outside asks of a job. The first request asks the ranks to stop, and they may take their time; the second
 * ends them now.
 */
export class StopRequests {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  readonly #closing = new AbortController();

  /** The first request's signal. */
  get stoppedBy(): StopSignal | undefined {
    return this.#first.signal.aborted ? (this.#first.signal.reason as StopSignal) : undefined;
  }

  request(signal: StopSignal): void {
    if (this.stoppedBy) this.#second.abort();
    else this.#first.abort(signal);
  }

  /** Calls back on the first and the second request, also those already made, until `until` is aborted. */
  listen(onFirst: (signal: StopSignal) => void, onSecond: () => void, until: AbortSignal): void {
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

  /** Takes this process's SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 for requests. */
  followProcess(): void {
    for (const [received, meant] of Object.entries(MEANING)) {
      const handler = (): void => {
        this.request(meant);
      };
      process.on(received, handler);
      whenAborted(this.#closing.signal, new AbortController().signal, () => process.off(received, handler));
    }
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

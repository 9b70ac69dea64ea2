/** Exit codes of a rank, and a job, that a signal has stopped, as shells count them. */
export const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;
/** Warnings of a limit count as SIGTERM. */
const WARNINGS = { SIGUSR1: STOPPED.SIGTERM, SIGUSR2: STOPPED.SIGTERM };

export interface StopSignals {
  /** Aborted by the first signal that asks this rank to stop. */
  readonly stop: AbortSignal;
  /**
   * From now on SIGINT and SIGTERM ask the rank to stop after the step it is in; a second Ctrl-C ends it at once. Until
   * then they do what they do to any process: a rank that starts, loads or waits for others ends at once.
   */
  readonly mayFinishStep: () => void;
  /** What a run that was stopped ends with: by whom, or by SIGTERM where this rank was not told. */
  exitCode(): number;
}

/** Takes the signals that ask a rank to stop; a batch system's warning of a time limit counts whenever it comes. */
export function takeStopSignals(): StopSignals {
  const stop = new AbortController();
  let code: number | undefined;
  const take = (signals: Readonly<Record<string, number>>): void => {
    for (const [signal, number] of Object.entries(signals)) {
      process.on(signal, () => {
        if (signal === "SIGINT" && code === number) process.exit(number);
        code ??= number;
        stop.abort();
      });
    }
  };
  take(WARNINGS);
  return {
    stop: stop.signal,
    mayFinishStep: () => {
      take(STOPPED);
    },
    exitCode: () => code ?? STOPPED.SIGTERM,
  };
}

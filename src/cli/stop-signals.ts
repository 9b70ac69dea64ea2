/** Exit codes of a run that a signal has stopped, as shells count them. Warnings of a limit count as SIGTERM. */
const STOPPED_BY = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 143, SIGUSR2: 143 } as const;

export interface StopSignals {
  /** Aborted by the first signal that asks this rank to stop. */
  readonly stop: AbortSignal;
  /** What a run that was stopped ends with: by whom, or by SIGTERM where this rank was not told. */
  exitCode(): number;
}

/** Takes the signals that ask a rank to stop after the step it is in. A second Ctrl-C ends it at once. */
export function takeStopSignals(): StopSignals {
  const stop = new AbortController();
  let code: number | undefined;
  for (const [signal, number] of Object.entries(STOPPED_BY)) {
    process.on(signal, () => {
      if (signal === "SIGINT" && code === number) process.exit(number);
      code ??= number;
      stop.abort();
    });
  }
  return { stop: stop.signal, exitCode: () => code ?? STOPPED_BY.SIGTERM };
}

import pc from "picocolors";
import { reportOf } from "../errors.js";

/** Exit codes of a run stopped by a signal, as shells count them. SIGUSR1 is SLURM's warning of a time limit. */
export const STOPPED_BY = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 143 } as const;

export function showFailure(text: string): void {
  console.error(`${pc.red("apts:")} ${text}`);
}

/** One clear sentence for bad usage, everything known for any other error; returns the exit code. */
export function showError(error: unknown): number {
  const { exitCode, message, stack } = reportOf(error);
  showFailure(exitCode === 2 ? message : (stack ?? message));
  return exitCode;
}

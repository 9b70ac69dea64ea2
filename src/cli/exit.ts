import { reportOf } from "../errors.js";
import { coloursFor } from "../terminal.js";

export function showFailure(text: string): void {
  console.error(`${coloursFor(process.stderr).red("apts:")} ${text}`);
}

/** One clear sentence for bad usage and for what follows from another rank's failure, everything known for any other
 * error; returns the exit code. */
export function showError(error: unknown): number {
  const { exitCode, message, stack, consequence } = reportOf(error);
  showFailure(exitCode === 2 || consequence ? message : (stack ?? message));
  return exitCode;
}

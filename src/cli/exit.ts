import { reportOf } from "../errors.js";
import { explainError } from "../host/system-errors.js";
import { coloursFor } from "../terminal.js";

export function showFailure(text: string): void {
  console.error(`${coloursFor(process.stderr).red("apts:")} ${text}`);
}

/**
 * One clear sentence for bad usage, for what the system refuses and for what follows from another rank's failure,
 * everything known for any other error; returns the exit code.
 */
export function showError(error: unknown): number {
  const report = reportOf(error);
  showFailure(report.consequence ? report.message : explainError(report));
  return report.exitCode;
}

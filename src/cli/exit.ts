import { isOurs, reportOf } from "../errors.js";
import { explainError } from "../host/system-errors.js";
import { coloursFor, printable } from "../terminal.js";

export function showFailure(text: string): void {
  console.error(`${coloursFor(process.stderr).red("apts:")} ${printable(text)}`);
}

/**
 * What an error of our own, or the system, says is all there is to say; everything known for any other error. Returns
 * the exit code.
 */
export function showError(error: unknown): number {
  const report = reportOf(error);
  const saysAll = report.consequence || (isOurs(error) && report.code === undefined);
  showFailure(saysAll ? report.message : explainError(report));
  return report.exitCode;
}

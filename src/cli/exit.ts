import pc from "picocolors";
import { reportOf } from "../errors.js";

/** Exit codes of a run stopped by a signal, as shells count them. */
export const STOPPED_BY = { SIGINT: 130, SIGTERM: 143 } as const;

/** One clear sentence for a known error, the stack for an unknown one; returns the exit code. */
export function showError(error: unknown): number {
  const report = reportOf(error);
  const known = report.exitCode === 2 || report.name !== "Error";
  console.error(`${pc.red("apts:")} ${known ? report.message : (report.stack ?? report.message)}`);
  return report.exitCode;
}

import type { ErrorReport } from "../errors.js";
import { decodeRecord, encodeRecord } from "./records.js";

/**
 * What a rank tells its launcher: one record (records.ts) a line on standard output, where the launcher has asked for
 * them with APTS_EVENTS=1. All other lines of a rank are its own output.
 */
export type RankEvent =
  | { readonly type: "error"; readonly error: ErrorReport }
  | { readonly type: "run"; readonly event: unknown }
  /** For the program that takes part in the run, which answers. */
  | { readonly type: "program"; readonly event: unknown }
  /** A warning that any rank may give; what several say is one. */
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "doctor"; readonly event: unknown };

export function tellLauncher(event: RankEvent): void {
  process.stdout.write(encodeRecord(event));
}

/** The event a line carries, or undefined where the line is ordinary output. */
export function decodeEvent(line: string): RankEvent | undefined {
  return decodeRecord(line) as RankEvent | undefined;
}

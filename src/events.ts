import type { ErrorReport } from "./errors.js";

/**
 * What a rank tells its launcher: one JSON text sequence record (RFC 7464) a line on standard output, a record
 * separator (0x1e) in front. All other lines of a rank are its own output. Events are written only where the
 * launcher asked for them with APTS_EVENTS=1.
 */
export type RankEvent =
  | { readonly type: "error"; readonly error: ErrorReport }
  | { readonly type: "run"; readonly event: unknown }
  /** A warning that any rank may give; what several say is one. */
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "doctor"; readonly event: unknown };

export const EVENTS_VARIABLE = "APTS_EVENTS";
const RECORD_SEPARATOR = "\x1e";

/** The line, with its newline, that carries `event`. */
export function encodeEvent(event: RankEvent): string {
  return `${RECORD_SEPARATOR}${JSON.stringify(event)}\n`;
}

/** The event a line carries, or undefined where the line is ordinary output. */
export function decodeEvent(line: string): RankEvent | undefined {
  if (!line.startsWith(RECORD_SEPARATOR)) return undefined;
  try {
    return JSON.parse(line.slice(1)) as RankEvent;
  } catch {
    return undefined; // a line torn by a dying rank
  }
}

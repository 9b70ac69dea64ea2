/*
 * JSON text sequences (RFC 7464), a record a line: what processes of a job say to each other on streams that carry other
 * lines, too. Those lack the record separator in front.
 */
const RECORD_SEPARATOR = "\x1e";

/** The line, with its newline, that carries `value`. */
export function encodeRecord(value: unknown): string {
  return `${RECORD_SEPARATOR}${JSON.stringify(value)}\n`;
}

/** What a line carries; undefined where it is no record, or was torn by the end of its writer. */
export function decodeRecord(line: string): unknown {
  if (!line.startsWith(RECORD_SEPARATOR)) return undefined;
  try {
    return JSON.parse(line.slice(RECORD_SEPARATOR.length));
  } catch {
    return undefined;
  }
}

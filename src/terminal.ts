import Table, { type TableConstructorOptions } from "cli-table3";
import { createColors } from "picocolors";

/** Whether text written to `stream` may carry colours: it is a terminal, and nobody has asked for none (no-color.org). */
export function hasColour(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"];
}

/** Functions that colour text for `stream`, or leave it as it is: in files and pipes, on every machine. */
export function coloursFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof createColors> {
  return createColors(hasColour(stream));
}

/**
 * Text of other people (names of files, hosts and runs, error texts) as it may be written to a terminal or a picture:
 * control characters, and marks that turn the direction of writing, are spelled out. They could move the cursor, hide
 * lines, or type into a terminal. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, spelled);
}

/** As `printable`, for one line or a cell of a table. */
export function printableLine(text: string): string {
  return text.replace(/\p{Cc}|\p{Bidi_Control}/gu, spelled);
}

function spelled(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}

/** A table drawn with lines, in no colours but those of its cells: cli-table3 would add some by itself. */
export function drawnTable(
  rows: readonly (string | number)[][],
  { style, ...options }: TableConstructorOptions,
): string {
  const table = new Table({ ...options, style: { ...style, head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}

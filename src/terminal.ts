import { createColors } from "picocolors";

/** Whether text written to `stream` may carry colours: it is a terminal, and nobody has asked for none (no-color.org). */
export function hasColour(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"];
}

/** Functions that colour text for `stream`, or leave it as it is: in files and pipes, on every machine. */
export function coloursFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof createColors> {
  return createColors(hasColour(stream));
}

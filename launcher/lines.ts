import type { Readable } from "node:stream";

/**
 * Splits a UTF-8 stream at line feeds; yields the lines of each chunk together, without their ends, and last what
 * follows the final line feed. A line beyond `limit` characters is cut there, so that a program that never ends its
 * line cannot fill the memory.
 */
export async function* lineGroups(stream: Readable, limit = Infinity): AsyncGenerator<string[]> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop()!;
    if (rest.length > limit) {
      lines.push(rest);
      rest = "";
    }
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}

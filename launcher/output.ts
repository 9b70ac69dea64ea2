import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { WriteStream as Terminal } from "node:tty";
import { makeFolder } from "../src/paths.js";
import { coloursFor } from "../src/terminal.js";
import type { OutputStream } from "./agent/protocol.js";
import type { Placement } from "./placement.js";
import { rankList, SameLines, type SharedLine } from "./same-lines.js";

/** Where the lines of all ranks go. `write` resolves when more may come. */
export interface OutputWriter {
  readonly write: WriteLine;
  close(): Promise<void>;
}

export type WriteLine = (
  rank: number,
  host: string,
  stream: OutputStream,
  line: string,
) => void | Promise<void>;

const COLOURS = ["cyan", "yellow", "magenta", "green", "blue"] as const;

/**
 * To this process's own output, `[rank]` or `[rank host]` in front where there are several ranks or hosts; a line that
 * several ranks say at about the same time is shown once, `[0-3]` in front.
 */
export function terminalOutput(
  placements: readonly Placement[],
  streams: Record<OutputStream, Terminal> = { stdout: process.stdout, stderr: process.stderr },
): OutputWriter {
  for (const stream of Object.values(streams)) outliveReader(stream);
  if (placements.length === 1) {
    return {
      write: (_rank, _host, stream, line) => writeLine(streams[stream], `${line}\n`),
      close: () => Promise.resolve(),
    };
  }
  const severalHosts = new Set(placements.map(({ host }) => host)).size > 1;
  const prefix = ({ stream, speakers }: SharedLine): string => {
    const colours = coloursFor(streams[stream]);
    const hosts = [...new Set(speakers.values())];
    const [first, ...others] = speakers.keys();
    const label = rankList([first!, ...others]);
    const colour = others.length > 0 ? "bold" : COLOURS[first! % COLOURS.length]!;
    return colours[colour](severalHosts && hosts.length === 1 ? `[${label} ${hosts[0]!}]` : `[${label}]`);
  };
  const lines = new SameLines((group) =>
    Promise.all(
      group.map((shared) => writeLine(streams[shared.stream], `${prefix(shared)} ${shared.line}\n`)),
    ),
  );
  return { write: (...line) => lines.add(...line), close: () => lines.flush() };
}

/**
 * A reader that has gone is an error of the next write; unheard, it would end this process at once. It is heard once,
 * however many jobs a process launches.
 */
function outliveReader(stream: Terminal): void {
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
}

function ignore(): void {
  // writeLine() reports it
}

/** To `rank-R.out` and `rank-R.err` in `directory`, added to what is there. */
export async function fileOutput(directory: string): Promise<OutputWriter> {
  await makeFolder(directory, "the folder of the ranks' output,");
  const files = new Map<string, WriteStream>();
  const fileOf = (name: string): WriteStream => {
    const file = files.get(name) ?? createWriteStream(join(directory, name), { flags: "a" });
    if (!files.has(name)) file.on("error", () => undefined); // write() reports it
    files.set(name, file);
    return file;
  };
  return {
    write: (rank, _host, stream, line) =>
      writeLine(fileOf(`rank-${rank}.${stream === "stdout" ? "out" : "err"}`), `${line}\n`),
    async close() {
      await Promise.all([...files.values()].map((file) => new Promise((resolve) => file.end(resolve))));
    },
  };
}

function writeLine(stream: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(line, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

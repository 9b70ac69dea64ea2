import { UsageError } from "../src/errors.js";
import { readUserFile } from "../src/paths.js";
import type { HostSpec } from "./host.js";

/**
 * Host files in Open MPI's format, one host a line, and plain lists of names:
 *
 *     # the two machines under the desk
 *     node1 slots=4 gpus=4
 *     node2 slots=2
 *
 * `slots` bounds the ranks of a host, `gpus` the GPUs used on it; both may be left out. A host on several lines has
 * the sum of their slots, each line counting one where it says nothing.
 */
export async function readHostfile(file: string): Promise<HostSpec[]> {
  const text = (await readUserFile(file, "a host file")).toString();
  return parseHostfile(text, file);
}

/** Parses the text of a host file; `file` is only named in errors. */
export function parseHostfile(text: string, file: string): HostSpec[] {
  const entries = text.split(/\r?\n/).flatMap((line, index) => parseLine(line, `${file}:${index + 1}`));
  if (entries.length === 0) throw new UsageError(`Expected at least one host in ${file}, found none.`);
  return mergeRepeated(entries);
}

function parseLine(line: string, position: string): HostSpec[] {
  const words = [...line.replace(/#.*/, "").matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    position: `${position}:${match.index + 1}`,
  }));
  const [first, ...settings] = words;
  if (first === undefined) return [];
  if (!/^[\p{L}\p{N}][\p{L}\p{N}_.@:%-]*$/u.test(first.text)) {
    throw new UsageError(`${first.position}: Expected a host name, got "${first.text}".`);
  }
  const values: { slots?: number; gpus?: number } = {};
  for (const { text, position: where } of settings) {
    const [key, value] = text.split("=", 2);
    if (value === undefined || (key !== "slots" && key !== "gpus")) {
      throw new UsageError(
        `${where}: Expected slots=COUNT or gpus=COUNT after the host name, got "${text}".`,
      );
    }
    if (values[key] !== undefined) {
      throw new UsageError(`${where}: Expected ${key}= once for a host, got it again: "${text}".`);
    }
    const least = key === "slots" ? 1 : 0;
    if (!/^\d+$/.test(value) || Number(value) < least) {
      throw new UsageError(
        `${where}: Expected ${key}= to be ${least === 1 ? "a positive integer" : "an integer from 0"}, got "${value}".`,
      );
    }
    values[key] = Number(value);
  }
  return [{ name: first.text, ...values }];
}

function mergeRepeated(entries: readonly HostSpec[]): HostSpec[] {
  const hosts = new Map<string, HostSpec>();
  for (const entry of entries) {
    const known = hosts.get(entry.name);
    hosts.set(
      entry.name,
      known ? { ...known, ...entry, slots: (known.slots ?? 1) + (entry.slots ?? 1) } : entry,
    );
  }
  return [...hosts.values()];
}

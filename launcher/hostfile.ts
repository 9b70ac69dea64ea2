import { isIPv6 } from "node:net";
import { expandNodelist } from "../src/rank/starters/nodelist.js";
import { UsageError } from "../src/errors.js";
import { readUserFile } from "../src/paths.js";
import type { HostSpec } from "./host.js";

/** More ranks than a job may have cannot be meant. */
const MOST_SLOTS = 4096;

/** What may stand behind a host's name. Open MPI knows several words for the same. */
const SETTINGS: Readonly<Record<string, "slots" | "gpus" | "most">> = {
  slots: "slots",
  cpu: "slots",
  cpus: "slots",
  count: "slots",
  gpus: "gpus",
  max_slots: "most",
  "max-slots": "most",
  slots_max: "most",
  "slots-max": "most",
};

/**
 * Host files in the words of Open MPI, MPICH and SLURM, one host a line, and plain lists of names:
 *
 *     # the two machines under the desk
 *     node1 slots=4 max_slots=4 gpus=4
 *     node2:2
 *     node[3-6] slots=8
 *
 * `slots`, or the number behind a colon, bounds the ranks of a host, `gpus` the GPUs used on it; both may be left out.
 * A host on several lines has the sum of their slots, each line counting one where it says nothing.
 */
export async function readHostfile(file: string): Promise<HostSpec[]> {
  const text = (await readUserFile(file, "a host file")).toString();
  return parseHostfile(text, file);
}

/** Parses the text of a host file; `file` is only named in errors. */
export function parseHostfile(text: string, file: string): HostSpec[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const entries = lines.flatMap((line, index) => parseLine(line, `${file}:${index + 1}`));
  if (entries.length === 0) throw new UsageError(`Expected at least one host in ${file}, found none.`);
  return mergeRepeated(entries);
}

interface Word {
  readonly text: string;
  readonly position: string;
}

function parseLine(line: string, position: string): HostSpec[] {
  // Blanks may surround an equals sign.
  const words = [...line.replace(/#.*/, "").matchAll(/[^\s=]+\s*=\s*[^\s=]+|\S+/g)].map((match) => ({
    text: match[0].replace(/\s*=\s*/, "="),
    position: `${position}:${match.index + 1}`,
  }));
  const [first, ...settings] = words;
  if (first === undefined) return [];
  const { names, slots: counted } = parseName(first);
  const { slots, gpus, most } = parseSettings(settings);
  if (slots !== undefined && counted !== undefined) {
    throw new UsageError(
      `${first.position}: Expected the number of slots once, got "${first.text}" and slots=${slots}.`,
    );
  }
  const bound = slots ?? counted;
  if (most !== undefined && (bound === undefined || most < bound)) {
    const found = bound === undefined ? "no slots=" : `slots=${bound}`;
    throw new UsageError(
      `${first.position}: Expected slots= of at most max_slots=${most}, got ${found}. slots= is what apts uses.`,
    );
  }
  return names.map((name) => ({
    name,
    ...(bound === undefined ? {} : { slots: bound }),
    ...(gpus === undefined ? {} : { gpus }),
  }));
}

/** `node1`, `user@node1`, `node1:8` (MPICH), an IPv6 address, bare or as in `[::1]:8`, or a list of SLURM's, `n[1-4],m`. */
function parseName({ text, position }: Word): { names: string[]; slots?: number } {
  const refuse = (reason: string): never => {
    throw new UsageError(`${position}: Expected a host name, got "${text}"${reason}.`);
  };
  if (/^[+^]/.test(text)) refuse(": nodes relative to others, or to leave out, are known to Open MPI alone");
  const [, bracketed, ofBracketed] = /^\[([0-9a-fA-F:.]+)\](?::(.*))?$/.exec(text) ?? [];
  const [, plain, ofPlain] = /^([^:]+):([^:]*)$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? text;
  const count = ofBracketed ?? ofPlain;
  const slots =
    count === undefined ? {} : { slots: parseCount(count, "the number behind the colon", position) };
  if (name.includes(":")) {
    if (!isIPv6(name)) refuse("");
    return { names: [name], ...slots };
  }
  let names: string[] = [name];
  try {
    if (/[[\],]/.test(name)) names = expandNodelist(name);
  } catch (error) {
    refuse(`: ${(error as Error).message.replace(/\.$/, "")}`);
  }
  if (!names.every((one) => /^[\p{L}\p{N}][\p{L}\p{N}_.@%-]*$/u.test(one))) refuse("");
  return { names, ...slots };
}

function parseSettings(words: readonly Word[]): { slots?: number; gpus?: number; most?: number } {
  const values: { slots?: number; gpus?: number; most?: number } = {};
  for (const { text, position } of words) {
    const [key = "", value] = text.split("=", 2);
    const setting = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
    if (value === undefined || setting === undefined) {
      throw new UsageError(
        `${position}: Expected slots=COUNT or gpus=COUNT after the host name, got "${text}".`,
      );
    }
    if (values[setting] !== undefined) {
      throw new UsageError(`${position}: Expected ${key}= once for a host, got it again: "${text}".`);
    }
    values[setting] = parseCount(value, `${key}=`, position, setting === "gpus" ? 0 : 1);
  }
  return values;
}

function parseCount(text: string, what: string, position: string, least = 1): number {
  if (!/^\d+$/.test(text) || Number(text) < least) {
    const kind = least === 1 ? "a positive integer" : "an integer from 0";
    throw new UsageError(`${position}: Expected ${what} to be ${kind}, got "${text}".`);
  }
  if (Number(text) > MOST_SLOTS)
    throw new UsageError(`${position}: Expected ${what} to be at most ${MOST_SLOTS}, got "${text}".`);
  return Number(text);
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

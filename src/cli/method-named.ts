import { existsSync } from "node:fs";
import { readConfigFile } from "../config/file.js";
import { readRecord, recordIn } from "../job/recorded.js";
import type { MethodDescription } from "../methods/description.js";
import { findMethod, methodNamed } from "../methods/registry.js";
import { trainOptions } from "../run/options/table.js";

/** Commands whose options are those of a method. */
const OF_A_METHOD = ["train", "submit", "scale"];

/**
 * The method that the words of a command line ask for, themselves, through a config file or through the run they go on
 * with, before anything else is made of them: which options there are, and what they mean, is the method's.
 * @throws UsageError where a module that is named has none
 */
export async function methodOnCommandLine(): Promise<MethodDescription> {
  const words = process.argv.slice(2);
  if (!OF_A_METHOD.includes(words[0] ?? "")) return methodNamed(trainOptions.method.fallback);
  const config = valueOf(words, "--config");
  const folder =
    valueOf(words, "--resume") ?? (words.includes("--auto-resume") ? valueOf(words, "--out") : undefined);
  const file = config === undefined ? undefined : readConfigFile(config).values;
  const written = file as { method?: unknown; options?: { method?: unknown } } | undefined;
  const record = folder === undefined ? undefined : recordIn(folder);
  const recorded = record !== undefined && existsSync(record) ? readRecord(record).options.method : undefined;
  const method = valueOf(words, "--method") ?? written?.method ?? written?.options?.method ?? recorded;
  return findMethod(trainOptions.method.parse(method ?? trainOptions.method.fallback, "--method"));
}

/** The last one given, as commander takes it. */
function valueOf(words: readonly string[], name: string): string | undefined {
  const end = words.indexOf("--");
  const options = end === -1 ? words : words.slice(0, end);
  const at = options.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = options[at];
  return word === name ? options[at + 1] : word?.slice(name.length + 1);
}

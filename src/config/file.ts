import { parse } from "yaml";
import { UsageError } from "../errors.js";
import { readUserFileSync } from "../paths.js";
import type { Given } from "./resolve.js";

/** Options from a YAML or JSON file (JSON is YAML). */
export function readConfigFile(path: string): Given {
  const content = readUserFileSync(path, "a config file").toString();
  let values: unknown;
  try {
    values = parse(content);
  } catch (error) {
    const firstLine = (error as Error).message.split("\n")[0]!.replace(/[:.]$/, "");
    throw new UsageError(`Expected YAML or JSON in ${path}, but: ${firstLine}.`);
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new UsageError(`Expected option names with values in ${path}, got ${JSON.stringify(values)}.`);
  }
  return { source: { kind: "file", path }, values: values as Record<string, unknown> };
}

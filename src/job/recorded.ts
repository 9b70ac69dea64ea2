import { existsSync } from "node:fs";
import { join } from "node:path";
import { readConfigFile } from "../config/file.js";
import type { Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { readUserFileSync } from "../paths.js";
import { IN_MEMORY } from "../run/options.js";
import type { RunRecord } from "../run/record.js";

/** What the program that asks for a run holds in memory itself. */
export interface InMemory {
  readonly data: boolean;
  readonly model: boolean;
}

/** What the run in `out` was started with; undefined where no run has begun there. UsageError where it cannot be read. */
export function readRecord(out: string): { record: RunRecord; path: string } | undefined {
  const path = join(out, "config.json");
  if (!existsSync(path)) return undefined;
  const text = readUserFileSync(path, "the options of a run").toString();
  try {
    return { record: JSON.parse(text) as RunRecord, path };
  } catch (error) {
    throw new UsageError(`Expected the options of a run in ${path}, but: ${(error as Error).message}`);
  }
}

/**
 * The options in a record, and the number of threads that its run found: another gives other bits.
 * @param others what is given beside it, and wins
 * @throws UsageError where data or model were held in a program's memory, and nobody gives them now
 */
export function optionsOf(
  record: RunRecord,
  path: string,
  others: readonly Given[],
  memory: InMemory,
): Given {
  const { methodOptions, ...options } = record.options;
  const given = (name: string): unknown =>
    others.map(({ values }) => values[name]).find((value) => value !== undefined);
  const method = given("method") ?? options.method;
  const values: Record<string, unknown> = {
    ...options,
    threads: options.threads ?? record.backend.threads,
    out: undefined,
    // Another method has options of its own: that it is another is what the user will be told.
    ...(method === options.method ? methodOptions : {}),
  };
  for (const name of ["data", "model"] as const) {
    if (values[name] !== IN_MEMORY) continue;
    values[name] = undefined;
    if (memory[name] || given(name) !== undefined) continue;
    throw new UsageError(
      `Expected the ${name} of the run that ${path} records: ${was[name](record)} held in the memory of a program. ` +
        `Give ${name === "data" ? "data and model" : "the model"} from a program, with train({ … }) of this library` +
        `${name === "model" ? ", or a model.json of the same layers with --model" : ""}.`,
    );
  }
  return { source: { kind: "file", path }, values };
}

const was = {
  data: ({ samples: { train, test } }: RunRecord) =>
    `${train.count} and ${test.count} samples of shape [${train.sampleShape.join(", ")}] were`,
  model: ({ parameters }: RunRecord) => `one of ${parameters} parameters was`,
};

/** Options from a file that a user wrote, or from a run's `config.json`, which repeats that run. */
export function readOptionsFile(path: string, others: readonly Given[]): Given {
  const file = readConfigFile(path);
  const record = file.values as unknown as RunRecord;
  const isRecord = typeof record.apts === "string" && typeof record.options === "object";
  return isRecord ? optionsOf(record, path, others, { data: false, model: false }) : file;
}

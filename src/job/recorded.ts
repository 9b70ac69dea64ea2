import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readConfigFile } from "../config/file.js";
import type { Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { readUserFileSync } from "../paths.js";
import { IN_MEMORY, ofEveryRun } from "../run/options/config.js";
import type { Summary } from "../report/summary.js";
import { isModule } from "../methods/own.js";
import type { RunRecord } from "../run/folder/record.js";

/** What the program that asks for a run holds in memory itself. */
export interface InMemory {
  readonly data: boolean;
  readonly model: boolean;
}

/** Where the run in `folder` is recorded. */
export function recordIn(folder: string): string {
  return join(folder, "config.json");
}

/** @throws UsageError where there is no record of a run at `path` */
export function readRecord(path: string): RunRecord {
  const text = readUserFileSync(path, "the record of a run that apts train has written").toString();
  let record: Partial<RunRecord>;
  try {
    record = JSON.parse(text) as Partial<RunRecord>;
  } catch (error) {
    throw new UsageError(`Expected the record of a run in ${path}, but: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const options: Partial<RunRecord["options"]> | undefined = record.options;
  if (options?.method && options.methodOptions && record.backend) return record as RunRecord;
  throw new UsageError(
    `Expected the record of a run in ${path}, found other JSON. Give the folder that apts train wrote with --out.`,
  );
}

/** How the run in `folder` ended; undefined where it did not, or goes on when it is asked to. */
export async function readSummary(folder: string): Promise<Summary | undefined> {
  const text = await readFile(join(folder, "summary.json"), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  const summary = text === undefined ? undefined : (JSON.parse(text) as Summary);
  return summary?.ended === "stopped" ? undefined : summary;
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
  const { methodOptions } = record.options;
  const options = ofEveryRun(record.options);
  const given = (name: string): unknown =>
    others.map(({ values }) => values[name]).find((value) => value !== undefined);
  const method = given("method") ?? options.method;
  // Other memory, or another number of stages, would be cut elsewhere.
  const cut = given("stages") === undefined ? record.stages?.cut.join() : undefined;
  const values: Record<string, unknown> = {
    ...options,
    threads: options.threads ?? record.backend.threads,
    cut: options.cut ?? cut,
    out: undefined,
    // Another method has options of its own: that it is another is what the user will be told.
    ...(isSame(method, options.method) ? methodOptions : {}),
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
  return { source: { kind: "file", path, isRecord: true }, values };
}

const was = {
  data: ({ samples: { train, test } }: RunRecord) =>
    `${[train, ...(test ? [test] : [])].map(({ count }) => count).join(" and ")} samples of shape ` +
    `${train.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" and ")} were`,
  model: ({ parameters }: RunRecord) => `one of ${parameters} parameters was`,
};

/** Options from a file that a user wrote, or from a run's `config.json`, which repeats that run. */
export function readOptionsFile(path: string, others: readonly Given[]): Given {
  const file = readConfigFile(path);
  const record = file.values as unknown as RunRecord;
  const isRecord = typeof record.apts === "string" && typeof record.options === "object";
  return isRecord ? optionsOf(record, path, others, { data: false, model: false }) : file;
}

/** A user's module may have moved. */
function isSame(method: unknown, recorded: string): boolean {
  return method === recorded || (typeof method === "string" && isModule(method) && isModule(recorded));
}

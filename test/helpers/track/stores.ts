import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Papa from "papaparse";
import { parse } from "yaml";

type Tags = Map<string, Map<number, number>>;

/** The columns of a CSV table but the first, by what the first says; cells without a value are left out. */
export function csvIn(path: string): Tags {
  const tags: Tags = new Map();
  if (!existsSync(path)) return tags;
  const { data, meta, errors } = Papa.parse<Record<string, string>>(readFileSync(path, "utf8"), {
    header: true,
    skipEmptyLines: true,
  });
  if (errors.length > 0) throw new Error(errors[0]!.message);
  const [counter, ...names] = meta.fields!;
  for (const row of data) {
    for (const name of names) {
      if (row[name] === "") continue;
      tags.set(
        name,
        (tags.get(name) ?? new Map<number, number>()).set(Number(row[counter!]), Number(row[name])),
      );
    }
  }
  return tags;
}

export interface MlflowRun {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly experiment: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Tags;
  readonly batch: Tags;
}

/** The only run of a store of files, by the rules that MLflow's own reader goes by. */
export function mlflowIn(store: string): MlflowRun {
  const experiments = readdirSync(store).filter((name) => name !== ".trash");
  if (String(experiments) !== "0") throw new Error(`experiments ${String(experiments)}`);
  const runs = readdirSync(join(store, "0"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (runs.length !== 1) throw new Error(`${runs.length} runs`);
  const folder = join(store, "0", runs[0]!.name);
  const yaml = (path: string) => parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const texts = (name: string) =>
    Object.fromEntries(
      readdirSync(join(folder, name)).map((key) => [key, readFileSync(join(folder, name, key), "utf8")]),
    );
  return {
    meta: yaml(join(folder, "meta.yaml")),
    experiment: yaml(join(store, "0", "meta.yaml")),
    params: texts("params"),
    tags: texts("tags"),
    metrics: metricsIn(join(folder, "metrics")),
    batch: metricsIn(join(folder, "metrics", "batch")),
  };
}

function metricsIn(folder: string): Tags {
  const tags: Tags = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const lines = readFileSync(join(folder, entry.name), "utf8").trimEnd().split("\n");
    const values = new Map<number, number>();
    for (const line of lines) {
      const [time, value, step, ...more] = line.split(" ").map(Number);
      if (more.length > 0 || !Number.isInteger(time) || !Number.isInteger(step) || values.has(step!))
        throw new Error(`"${line}" in ${entry.name}`);
      values.set(step!, value!);
    }
    tags.set(entry.name, values);
  }
  return tags;
}

import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { makeFolder } from "../paths.js";
import { AppendedFile, cutFile, linesKept } from "../run/folder/appended-file.js";
import { writeWhole } from "../run/folder/files.js";
import { numbersOf, type Outcome, type Scalars, type TrackedRun, type Tracker } from "./tracker.js";

/** The experiment that MLflow calls Default: stores of several runs, copied together, have it in common. */
const EXPERIMENT = "0";
const RUN_ID = /^[0-9a-f]{32}$/;

/** RunStatus of MLflow. */
const RUNNING = 1;
const STATUS: Readonly<Record<Outcome, number>> = { finished: 3, failed: 4, stopped: 5 };
/** SourceType of MLflow. */
const LOCAL = 4;

/** Metrics of steps stand in a folder of their own: MLflow shows them as a group. */
const STEPS = "batch";

/** A store of files as MLflow keeps them, `mlruns` in the run folder, which holds this run. */
export async function openMlflow(run: TrackedRun): Promise<Tracker> {
  const experiment = join(run.folder, "mlruns", EXPERIMENT);
  await makeFolder(experiment, "the folder of MLflow's runs");
  const id = (await readdir(experiment)).find((name) => RUN_ID.test(name)) ?? randomBytes(16).toString("hex");
  const folder = join(experiment, id);
  for (const name of [join("metrics", STEPS), "params", "tags", "artifacts"])
    await makeFolder(join(folder, name), "a folder of MLflow's run");
  const meta = await begun(run, experiment, id);
  for (const [name, value] of Object.entries(run.hyperParameters))
    await writeFile(join(folder, "params", keyOf(name)), String(value));
  const tags = {
    "mlflow.runName": meta.run_name,
    "mlflow.source.name": "apts",
    "mlflow.source.type": "LOCAL",
    "mlflow.user": meta.user_id,
  };
  for (const [name, value] of Object.entries(tags)) await writeFile(join(folder, "tags", name), value);
  const ofEpochs = await MetricFiles.open(join(folder, "metrics"), run.epochs);
  const ofSteps = await MetricFiles.open(join(folder, "metrics", STEPS), run.steps);
  return {
    step: (step, scalars) => ofSteps.append(step, scalars),
    epoch: (epoch, scalars) => ofEpochs.append(epoch, scalars),
    end: (outcome) =>
      writeYaml(join(folder, "meta.yaml"), { ...meta, status: STATUS[outcome], end_time: Date.now() }),
  };
}

/** Writes that the experiment is there, and the run at work; one that goes on began when it did. */
async function begun({ folder }: TrackedRun, experiment: string, id: string) {
  const now = Date.now();
  const artifacts = pathToFileURL(resolve(experiment)).href;
  await writeYaml(join(experiment, "meta.yaml"), {
    artifact_location: artifacts,
    creation_time: now,
    experiment_id: EXPERIMENT,
    last_update_time: now,
    lifecycle_stage: "active",
    name: "Default",
  });
  const file = join(experiment, id, "meta.yaml");
  const before = await readFile(file, "utf8").catch(() => "");
  const meta = {
    artifact_uri: `${artifacts}/${id}/artifacts`,
    deleted_time: null,
    end_time: null,
    entry_point_name: "",
    experiment_id: EXPERIMENT,
    lifecycle_stage: "active",
    run_id: id,
    run_name: basename(resolve(folder)),
    run_uuid: id,
    source_name: "",
    source_type: LOCAL,
    source_version: "",
    start_time: (parse(before) as { start_time?: number } | null)?.start_time ?? now,
    status: RUNNING,
    tags: [],
    user_id: userName(),
  };
  await writeYaml(file, meta);
  return meta;
}

/** Metrics, a file each, in a line an entry: milliseconds since 1970, value, step. */
class MetricFiles {
  private constructor(
    private readonly folder: string,
    private readonly files: Map<string, AppendedFile>,
  ) {}

  /** Takes the entries that are there up to `done`; MLflow takes a file without any for a damaged one. */
  static async open(folder: string, done: number): Promise<MetricFiles> {
    const files = new Map<string, AppendedFile>();
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(folder, entry.name);
      const isKept = (line: string): boolean => Number(line.split(" ")[2]) <= done;
      const bytes = await cutFile(path, (content) => linesKept(content, isKept).bytes);
      files.set(entry.name, new AppendedFile(path, bytes));
    }
    return new MetricFiles(folder, files);
  }

  async append(count: number, scalars: Scalars): Promise<void> {
    const now = Date.now();
    const appended = await Promise.allSettled(
      numbersOf(scalars).map(([name, value]) => this.#file(keyOf(name)).append(`${now} ${value} ${count}\n`)),
    );
    for (const one of appended) if (one.status === "rejected") throw one.reason;
  }

  #file(key: string): AppendedFile {
    const file = this.files.get(key) ?? new AppendedFile(join(this.folder, key));
    this.files.set(key, file);
    return file;
  }
}

/** A name of which MLflow makes a file: letters, digits and few signs. */
function keyOf(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_. -]/gu, "_");
}

/** Texts are quoted: MLflow's reader of YAML takes a run called 2026-11-28 for a date, and one called on for a truth. */
async function writeYaml(path: string, content: unknown): Promise<void> {
  await writeWhole(
    path,
    stringify(content, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", nullStr: "null" }),
  );
}

/** Of a container's user there may be none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}

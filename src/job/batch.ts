import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { HELP } from "../config/help-groups.js";
import { flag, inGroup, integer, text, type OptionTable, type ValuesOf } from "../config/option.js";
import { AptsError, UsageError } from "../errors.js";
import { makeFolder } from "../paths.js";
import { STOPPED } from "../rank/stop-signals.js";

/** What to ask SLURM for. */
export const submitOptions = inGroup(HELP.slurm, {
  nodes: integer({ min: 1, max: 100_000, fallback: 1, help: "machines" }),
  ranksPerNode: integer({
    min: 1,
    max: 4096,
    fallback: undefined,
    help: "ranks on each (default: one per GPU, else 1)",
  }),
  gpusPerNode: integer({ min: 0, max: 64, fallback: 0, help: "GPUs on each" }),
  coresPerRank: integer({ min: 1, max: 4096, fallback: undefined, help: "cores of each rank" }),
  time: text({
    fallback: undefined,
    placeholder: "LIMIT",
    help: "minutes, hours:minutes:seconds or days-hours",
  }),
  partition: text({ fallback: undefined, placeholder: "NAME", help: "partition" }),
  account: text({ fallback: undefined, placeholder: "NAME", help: "account to charge" }),
  jobName: text({ fallback: "apts", placeholder: "NAME", help: "name of the job" }),
  requeue: flag({
    fallback: false,
    help: "go on from the last checkpoint after preemption or the time limit",
  }),
  dryRun: flag({ fallback: false, help: "print the job script and submit nothing" }),
} satisfies OptionTable);

/** How long before the time limit SLURM asks the ranks to write a checkpoint and end, in seconds. */
const WARNING = 120;

/** How many ranks that makes. */
export function ranksOf(values: ValuesOf<typeof submitOptions>): number {
  return values.nodes * ranksPerNode(values);
}

function ranksPerNode({ ranksPerNode, gpusPerNode }: ValuesOf<typeof submitOptions>): number {
  return ranksPerNode ?? Math.max(1, gpusPerNode);
}

/** A job script that runs `command` as ranks. `log` is the file for their output. */
export function jobScript(
  command: readonly string[],
  values: ValuesOf<typeof submitOptions>,
  log: string,
): string {
  return scriptOf([srunLine(command.map(quote))], [], values, log, undefined);
}

/** How the line of a run's log begins that says with which exit code its job ended. */
export const ENDED = "apts train has ended with exit code";

/** Of runs that were stopped, and go on. */
export const STOPPED_CODES: ReadonlySet<number> = new Set(Object.values(STOPPED));

/**
 * A script for an array of jobs, one for each run folder, that runs `command` as ranks with the options of the file
 * FOLDER.json, puts their output into FOLDER.log, and runs `after` when they have ended.
 * @param log takes what comes before
 * @param jobs at a time, at most; undefined: as many as SLURM starts
 */
export function arrayScript(
  command: readonly string[],
  after: readonly string[],
  folders: readonly string[],
  values: ValuesOf<typeof submitOptions>,
  log: string,
  jobs: number | undefined,
): string {
  const lines = [
    "runs=(",
    ...folders.map((folder) => `  ${quote(folder)}`),
    ")",
    "run=${runs[$SLURM_ARRAY_TASK_ID]}",
    'exec >>"$run.log" 2>&1',
    srunLine([...command.map(quote), "--config", '"$run.json"', "--out", '"$run"', "--auto-resume"]),
  ];
  const atEnd = [`echo "${ENDED} $code"`, after.map(quote).join(" ")];
  return scriptOf(
    lines,
    atEnd,
    values,
    log,
    `0-${folders.length - 1}${jobs === undefined ? "" : `%${jobs}`}`,
  );
}

function srunLine(words: readonly string[]): string {
  return `srun --kill-on-bad-exit=1 ${words.join(" ")}`;
}

/** @param atEnd what is done after the last of `lines`, whose exit code is $code, and the script's */
function scriptOf(
  lines: readonly string[],
  atEnd: readonly string[],
  values: ValuesOf<typeof submitOptions>,
  log: string,
  array: string | undefined,
): string {
  const requests = {
    "job-name": values.jobName,
    array,
    nodes: values.nodes,
    "ntasks-per-node": ranksPerNode(values),
    "gpus-per-node": values.gpusPerNode === 0 ? undefined : values.gpusPerNode,
    "cpus-per-task": values.coresPerRank,
    time: values.time,
    partition: values.partition,
    account: values.account,
    output: log.replaceAll("%", "%%"), // sbatch's own patterns begin with %
    "open-mode": "append",
    signal: `USR1@${WARNING}`,
  };
  const directives = Object.entries(requests).flatMap(([name, value]) =>
    value === undefined ? [] : [`#SBATCH --${name}=${directiveValue(name, String(value))}`],
  );
  const last = [...atEnd, ...(values.requeue ? REQUEUE : [])];
  return [
    "#!/bin/bash",
    ...directives,
    `#SBATCH --${values.requeue ? "requeue" : "no-requeue"}`,
    "",
    ...(values.coresPerRank === undefined ? [] : CORES),
    ...lines,
    ...(last.length > 0 ? ["code=$?", ...last, "exit $code"] : []),
    "",
  ].join("\n");
}

/** The option of `apts submit` that an option of sbatch comes from, where it has another name. */
const OPTION_OF: Readonly<Record<string, string>> = { output: "out" };

/** A value as sbatch reads it from a script: as it is, whatever it holds, and to the end of its line at most. */
function directiveValue(name: string, value: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value)) {
    throw new UsageError(
      `Expected --${OPTION_OF[name] ?? name} without line breaks and other control characters, got ${JSON.stringify(value)}.`,
    );
  }
  // sbatch takes a backslash before anything but a blank, and quotes in the middle of a word.
  return value.replace(/[^\p{L}\p{N}_./:=,@%+-]/gu, (sign) => (/\s/.test(sign) ? `"${sign}"` : `\\${sign}`));
}

const CORES = [
  "# srun takes --cpus-per-task from here only.",
  "export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK",
];

const REQUEUE = [
  `# ${STOPPED.SIGTERM}: stopped by SIGUSR1 after a checkpoint, with work left.`,
  `if [ $code = ${STOPPED.SIGTERM} ]; then scontrol requeue "$SLURM_JOB_ID"; fi`,
];

/** Writes a job script to `file` and submits it; resolves with the job's id. */
export async function submitJob(script: string, file: string): Promise<string> {
  await makeFolder(dirname(file), "the folder of the job script");
  await writeFile(file, script, { mode: 0o755 });
  try {
    const { stdout } = await promisify(execFile)("sbatch", ["--parsable", file]);
    return stdout.trim().split(";")[0]!;
  } catch (error) {
    const { code, stderr = "" } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = code === "ENOENT" ? "there is no sbatch on this machine" : stderr.trim();
    throw new AptsError(`Expected SLURM to take the job script ${file}: ${reason}.`, { cause: error });
  }
}

function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

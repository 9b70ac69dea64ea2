import { join } from "node:path";
import type { ValuesOf } from "../config/option.js";
import { UsageError } from "../errors.js";
import { arrayScript, ranksOf, submitJob, type submitOptions } from "../job/batch.js";
import { refuseRunFolder } from "../job/side-by-side/run-files.js";
import { ownProgram } from "../package.js";
import { formatPlural } from "../report/format.js";
import type { PlannedRun } from "./plan.js";
import { runsIn, SweepTable } from "./record.js";
import { finishedIn, writeAllOptions } from "./run.js";

type Job = ValuesOf<typeof submitOptions>;

export interface Submission {
  readonly name: string;
  readonly out: string;
  readonly job: Job;
  /** Runs at a time, at most. */
  readonly jobs: number | undefined;
}

/**
 * Submits those runs that are not finished in `out` as an array of SLURM jobs; what to tell the user.
 * @throws UsageError where the runs cannot be tasks of one array
 */
export async function submitSweep(
  planned: readonly PlannedRun[],
  { name, out, job: asked, jobs }: Submission,
): Promise<string> {
  const job = jobFor(planned, asked);
  await refuseRunFolder(out);
  const endings = await finishedIn(out, planned);
  const open = planned.filter(({ key }) => !endings.has(key));
  if (open.length === 0) return `All ${formatPlural(planned.length, "run")} are finished.`;
  const folders = open.map((run) => join(runsIn(out), run.name));
  const command = [process.execPath, ownProgram("../cli/main.js", import.meta.url), "train"];
  const after = [process.execPath, ownProgram("./update-table.js", import.meta.url), out];
  const script = arrayScript(command, after, folders, job, join(out, "slurm.log"), jobs);
  if (job.dryRun) return script;
  await writeAllOptions(out, planned);
  await new SweepTable(out, name, planned, endings).write();
  const file = join(out, "sweep.sbatch");
  const id = await submitJob(script, file);
  return (
    `Submitted job array ${id} of ${formatPlural(open.length, "run")}: script ${file}, output ${join(runsIn(out), "NAME.log")}. ` +
    "The same command without --submit writes the report when they have ended."
  );
}

/** With the ranks and cores that the runs have, where nothing else is asked for. */
function jobFor(planned: readonly PlannedRun[], asked: Job): Job {
  const ranks = [...new Set(planned.map(({ config }) => config.ranks))];
  if (ranks.length > 1)
    throw new UsageError(
      `Expected runs of one number of ranks with --submit, since jobs of an array are alike, got ${ranks.join(", ")}. Submit a sweep for each.`,
    );
  const threads = planned.reduce((most, { config }) => Math.max(most, config.threads ?? 1), 1);
  const job = {
    ...asked,
    ranksPerNode: asked.ranksPerNode ?? Math.ceil(ranks[0]! / asked.nodes),
    coresPerRank: asked.coresPerRank ?? threads,
  };
  if (ranksOf(job) === ranks[0]) return job;
  throw new UsageError(
    `Expected --nodes times --ranks-per-node to be ${ranks[0]!}, the ranks of each run, got ${ranksOf(job)}. Say ranks in the sweep's file.`,
  );
}

import type { Command } from "commander";
import { fileURLToPath } from "node:url";
import { kebab } from "../config/option.js";
import { resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { jobScript, ranksOf, submitJob, submitOptions } from "../job/batch.js";
import { jobOptions } from "../job/job-options.js";
import { planTask, refuseLaunchOptions } from "../job/plan.js";
import { readOptionsFile } from "../job/recorded.js";
import { methodOnCommandLine } from "./method-named.js";
import { addTrainOptions, trainOptionsWith } from "./train-help.js";

/** `apts submit`: checks the options of a training run, writes a SLURM job script for it and submits that. */
export async function submitCommand(program: Command): Promise<void> {
  const method = await methodOnCommandLine();
  const command = program
    .command("submit")
    .description("submit a training run to SLURM")
    .option("--config <FILE>", "YAML or JSON file with options of the run; the command line wins");
  // The number of ranks is that of the nodes times the ranks on each.
  const { ranks, ...options } = trainOptionsWith(method);
  addTrainOptions(command, method, { ...submitOptions, ...options, ...jobOptions }).action(
    async (values: Record<string, unknown>) => {
      await submit(values);
    },
  );
}

async function submit({ config: file, ...values }: Record<string, unknown>): Promise<void> {
  const commandLine: Given = { source: { kind: "command line" }, values };
  const { inTable, others } = splitSources([commandLine], submitOptions);
  const job = resolveOptions(submitOptions, inTable);
  const sources = file === undefined ? others : [...others, readOptionsFile(file as string, others)];
  const ranks = ranksOf(job);
  if (ranks > 1) refuseLaunchOptions(sources, "SLURM"); // one task starts ranks itself
  const { out } = await planTask(sources, ranks);
  const run: Record<string, unknown> = { ...others[0]!.values };
  if (run["resume"] === undefined) run["out"] = out; // one name for all tasks, and for every start of the job
  const train = [...argumentsFor({ config: file, ...run })];
  const command = [process.execPath, fileURLToPath(new URL("./main.js", import.meta.url)), "train", ...train];
  const script = jobScript(command, job, `${out}.log`);
  if (job.dryRun) {
    console.log(script);
    return;
  }
  const id = await submitJob(script, `${out}.sbatch`);
  console.log(`Submitted job ${id}: script ${out}.sbatch, output ${out}.log, run folder ${out}`);
}

/** The command line that gives `values`. */
function argumentsFor(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value === "boolean") return [`--${value ? "" : "no-"}${kebab(name)}`];
    return [`--${kebab(name)}`, value as string];
  });
}

import { Option, type Command } from "commander";
import { HELP } from "../config/help-groups.js";
import type { Given } from "../config/resolve.js";
import { startOptions } from "../job/job-options.js";
import { joinOptions, planJob, planTask, refuseLaunchOptions } from "../job/plan.js";
import { readOptionsFile } from "../job/recorded.js";
import { previewJob, runJob } from "../job/run-job.js";
import { showRun } from "../job/show-run.js";
import { specFromVariables } from "../job/specification.js";
import { thisRank } from "../rank/starters/index.js";
import { takeStopSignals } from "../rank/stop-signals.js";
import { printableLine } from "../terminal.js";
import { showError, showFailure } from "./exit.js";
import { methodOnCommandLine } from "./method-named.js";
import { addTrainOptions, trainOptionsWith } from "./train-help.js";

/** `apts train`: starts the ranks; or, where this process is one of them already, trains as that rank. */
export async function trainCommand(program: Command): Promise<void> {
  const method = await methodOnCommandLine();
  const command = program
    .command("train")
    .description("train a network on several ranks")
    .option("--config <FILE>", "YAML or JSON file with any of these options; the command line wins")
    .addOption(new Option("--json", "print the summary as JSON on standard output").helpGroup(HELP.folder));
  addTrainOptions(command, method, { ...trainOptionsWith(method), ...startOptions }).action(
    async (options: Record<string, unknown>) => {
      process.exitCode = await run(options);
    },
  );
}

async function run({ config: file, json, ...values }: Record<string, unknown>): Promise<number> {
  const show = showRun(json === true);
  const sources = sourcesOf(values, file as string | undefined);
  const task = thisRank(process.env);
  if (task) {
    const spec = specFromVariables(process.env);
    if (!spec) refuseLaunchOptions(sources, task.starter);
    const signals = takeStopSignals();
    const join = joinOptions(sources);
    // Only ranks compute: TensorFlow.js is loaded by them alone.
    const { runRank } = await import("../job/run-rank.js");
    return runRank(async () => spec ?? planTask(sources, task.size), {
      task,
      join,
      signals,
      show,
      showError,
    });
  }
  const job = await planJob(sources);
  if (job.dryRun) {
    const given = process.argv.slice(2).filter((word) => word !== "--dry-run");
    console.log(await previewJob(job, ["apts", ...given]));
    return 0;
  }
  const { exitCode, failure, consequences, summary } = await runJob(job, {
    observe: show,
    forwardSignals: true,
  });
  if (failure) {
    // Bad usage is one sentence; which rank found it first does not matter.
    showFailure(
      failure.exitCode === 2 ? (failure.report?.message ?? failure.description) : failure.description,
    );
    for (const line of consequences) console.error(`  ${printableLine(line)}`);
  }
  if (exitCode === 0 && !summary) {
    showFailure(
      "The ranks ended without a summary of their run, as if all had been done: something in them ended the processes.",
    );
    return 1;
  }
  return exitCode;
}

function sourcesOf(values: Record<string, unknown>, file: string | undefined): Given[] {
  const commandLine: Given = { source: { kind: "command line" }, values };
  return file === undefined ? [commandLine] : [commandLine, readOptionsFile(file, [commandLine])];
}

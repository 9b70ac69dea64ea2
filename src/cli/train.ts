import { Option, type Command } from "commander";
import { plan } from "../../launcher/launch.js";
import { launchOptions } from "../../launcher/options.js";
import { placementTable } from "../../launcher/placement-table.js";
import { fromVariables } from "../rank/environment.js";
import { startedBy } from "../rank/starters/index.js";
import { HELP } from "../config/help-groups.js";
import type { Given } from "../config/resolve.js";
import { checkFit } from "../run/check-fit.js";
import { allTrainOptions } from "../run/options.js";
import { showError, showFailure } from "./exit.js";
import { showRun } from "../job/show-run.js";
import { runJob } from "../job/run-job.js";
import { jobOptions } from "../job/job-options.js";
import { joinOptions, planJob, planTask, refuseLaunchOptions } from "../job/plan.js";
import { readOptionsFile } from "../job/recorded.js";
import { specFromVariables } from "../job/specification.js";
import { printableLine } from "../terminal.js";
import { takeStopSignals } from "../rank/stop-signals.js";
import { addTrainOptions } from "./train-help.js";

/** `apts train`: starts the ranks; or, where this process is one of them already, trains as that rank. */
export function trainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("train a network on several ranks")
    .option("--config <FILE>", "YAML or JSON file with any of these options; the command line wins")
    .addOption(new Option("--json", "print the summary as JSON on standard output").helpGroup(HELP.folder));
  addTrainOptions(command, { ...allTrainOptions, ...jobOptions, ...launchOptions }).action(
    async (options: Record<string, unknown>) => {
      process.exitCode = await run(options);
    },
  );
}

async function run({ config: file, json, ...values }: Record<string, unknown>): Promise<number> {
  const show = showRun(json === true);
  const sources = sourcesOf(values, file as string | undefined);
  const launched = fromVariables(process.env);
  const task = launched ?? startedBy(process.env);
  if (task) {
    const spec = launched && specFromVariables(process.env);
    if (!spec) refuseLaunchOptions(sources, "starter" in task ? task.starter : "apts-launch");
    const signals = takeStopSignals();
    const join = joinOptions(sources);
    // Only ranks compute: TensorFlow.js is loaded by them alone.
    const { runRank } = await import("../job/run-rank.js");
    return runRank(() => spec ?? planTask(sources, task.size), {
      task,
      join,
      signals,
      show,
      showError,
    });
  }
  const { spec, where, maxRestarts, dryRun } = await planJob(sources);
  if (dryRun) {
    await checkFit(spec.config, { data: undefined, model: undefined }, where.hosts === undefined);
    const placements = await plan({ ...where, ranks: spec.config.ranks });
    const given = process.argv.slice(2).filter((word) => word !== "--dry-run");
    console.log(placementTable(placements, ["apts", ...given]));
    return 0;
  }
  const { exitCode, failure, consequences } = await runJob(spec, {
    where,
    maxRestarts,
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
  return exitCode;
}

function sourcesOf(values: Record<string, unknown>, file: string | undefined): Given[] {
  const commandLine: Given = { source: { kind: "command line" }, values };
  return file === undefined ? [commandLine] : [commandLine, readOptionsFile(file, [commandLine])];
}

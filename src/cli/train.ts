import type { Command } from "commander";
import { join } from "node:path";
import { plan, slotsOf } from "../../launcher/launch.js";
import { launchOptions, launchSpecOf } from "../../launcher/options.js";
import { placementTable } from "../../launcher/placement-table.js";
import { fromVariables, slurmTask } from "../comm/rendezvous/index.js";
import { readConfigFile } from "../config/file.js";
import { resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { allTrainOptions, trainConfig } from "../run/options.js";
import { addOptions } from "../config/commander.js";
import { showFailure } from "./exit.js";
import { showRun } from "./console.js";
import { runJob } from "./job.js";
import { specFromVariables, type RunSpec } from "./run-spec.js";

/** `apts train`: starts the ranks; or, where this process is one of them already, trains as that rank. */
export function trainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("train a network on several ranks")
    .option("--config <FILE>", "YAML or JSON file with any of these options; the command line wins")
    .option("--json", "print the summary as JSON on standard output");
  addOptions(command, { ...allTrainOptions, ...launchOptions }).action(
    async (options: Record<string, unknown>) => {
      process.exitCode = await run(options);
    },
  );
}

async function run({ config: file, json, ...values }: Record<string, unknown>): Promise<number> {
  const show = showRun(json === true);
  const task = fromVariables(process.env) ?? slurmTask(process.env);
  const { inTable, others } = splitSources(sourcesOf(values, file as string | undefined), launchOptions);
  if (task) {
    // Only ranks compute: TensorFlow.js is loaded by them alone.
    const { runRank } = await import("./rank.js");
    return runRank(specFromVariables(process.env) ?? specOf(others, task.size), task, show);
  }

  const { dryRun, ...launchValues } = resolveOptions(launchOptions, inTable);
  const where = await launchSpecOf(launchValues);
  const spec = specOf(
    others,
    others.some(({ values: { ranks } }) => ranks !== undefined) ? 1 : await slotsOf(where),
  );
  if (dryRun) {
    const placements = await plan({ ...where, ranks: spec.config.ranks });
    console.log(placementTable(placements, process.argv.slice(1)));
    return 0;
  }
  const { exitCode, failure, consequences } = await runJob(spec, {
    where,
    observe: show,
    forwardSignals: true,
  });
  if (failure) {
    for (const line of consequences) console.error(line);
    // Bad usage is one sentence; which rank found it first does not matter.
    showFailure(
      failure.exitCode === 2 ? (failure.report?.message ?? failure.description) : failure.description,
    );
  }
  return exitCode;
}

function sourcesOf(values: Record<string, unknown>, file: string | undefined): Given[] {
  const commandLine: Given = { source: { kind: "command line" }, values };
  return file === undefined ? [commandLine] : [commandLine, readConfigFile(file)];
}

function specOf(sources: readonly Given[], ranks: number): RunSpec {
  const config = trainConfig(sources, ranks);
  return { config, out: config.out ?? defaultOut(config) };
}

/** runs/apts-digits-20260131-145905; for SLURM, whose tasks must all find the same name, runs/apts-digits-job-4711 */
export function defaultOut({ method, data }: { method: string; data: string }): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const job = slurmTask(process.env) && `job-${process.env["SLURM_JOB_ID"]!}`;
  return join("runs", `${method}-${data}-${job ?? time}`);
}

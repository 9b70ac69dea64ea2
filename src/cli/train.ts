import type { Command } from "commander";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fromVariables } from "../comm/rendezvous/environment.js";
import { readConfigFile } from "../config/file.js";
import type { Given } from "../config/resolve.js";
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
  addOptions(command, allTrainOptions).action(async (options: Record<string, unknown>) => {
    process.exitCode = await run(options);
  });
}

async function run({ config: file, json, ...values }: Record<string, unknown>): Promise<number> {
  const environment = fromVariables(process.env);
  const show = showRun(json === true);
  const spec =
    specFromVariables(process.env) ?? specOf(values, file as string | undefined, environment?.size);
  if (environment) {
    // Only ranks compute: TensorFlow.js is loaded by them alone.
    const { runRank } = await import("./rank.js");
    return runRank(spec, environment.localSize, show);
  }
  const { exitCode, failure, consequences } = await runJob(spec, { observe: show, forwardSignals: true });
  if (failure) {
    for (const line of consequences) console.error(line);
    // Bad usage is one sentence; which rank found it first does not matter.
    showFailure(
      failure.exitCode === 2 ? (failure.report?.message ?? failure.description) : failure.description,
    );
  }
  return exitCode;
}

function specOf(
  values: Record<string, unknown>,
  file: string | undefined,
  ranks: number | undefined,
): RunSpec {
  const sources: Given[] = [{ source: { kind: "command line" }, values }];
  if (file !== undefined) sources.push(readConfigFile(file));
  const config = trainConfig(sources, ranks ?? availableParallelism());
  return { config, out: config.out ?? defaultOut(config) };
}

/** runs/apts-digits-20260131-145905 */
export function defaultOut({ method, data }: { method: string; data: string }): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return join("runs", `${method}-${data}-${time}`);
}

#!/usr/bin/env node
/** `apts-launch -n 4 -- node my-program.js`: runs any program as ranks. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { AptsError } from "../src/errors.js";
import { readHostfile } from "./hostfile.js";
import { launch, plan, type LaunchSpec } from "./launch.js";
import { placementTable } from "./placement-table.js";
import { explain } from "./verdict.js";

interface Options {
  readonly ranks?: number;
  readonly hostfile?: string;
  readonly ranksPerHost?: number;
  readonly mapBy: "slot" | "node";
  readonly bind: boolean;
  readonly export: Record<string, string>;
  readonly outputDir?: string;
  readonly timeout: number;
  readonly insecure?: true;
  readonly dryRun?: true;
}

const program = new Command("apts-launch")
  .description("Runs a program as ranks, on this machine or on the hosts of a host file.")
  .usage("[options] -- program [arguments]")
  .argument("<program...>", "what every rank runs")
  .option("-n, --ranks <count>", "how many (default: one per GPU, else one per core)", positiveInteger)
  .option("--hostfile <file>", 'where: lines of "host slots=4 gpus=4" (default: this machine)')
  .option("--ranks-per-host <count>", "how many on each host", positiveInteger)
  .addOption(
    new Option("--map-by <unit>", "slot fills a host before the next, node takes hosts in turn")
      .choices(["slot", "node"])
      .default("slot"),
  )
  .option("--no-bind", "do not bind ranks that share a host to cores of their own")
  .option("-x, --export <name[=value]>", "a variable for the ranks on other hosts (repeat)", exported, {})
  .option("--output-dir <folder>", "keep output in rank-R.out and rank-R.err there")
  .option("--timeout <seconds>", "deadline of every communication call", positiveNumber, 600)
  .option("--insecure", "no encryption between ranks (trusted networks)")
  .option("--dry-run", "print rank, host, GPU and cores, and run nothing")
  .exitOverride();

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    await program.parseAsync();
    const spec = await specOf(program.args, program.opts<Options>());
    if (program.opts<Options>().dryRun) {
      console.log(placementTable(await plan(spec), [spec.command, ...spec.args]));
      return 0;
    }
    const result = await launch({ ...spec, forwardSignals: true });
    if (result.failure) console.error(explain(result));
    return result.exitCode;
  } catch (error) {
    return report(error);
  }
}

async function specOf([command, ...args]: readonly string[], options: Options): Promise<LaunchSpec> {
  return {
    command: command!,
    args,
    ranks: options.ranks,
    hosts: options.hostfile === undefined ? undefined : await readHostfile(options.hostfile),
    ranksPerHost: options.ranksPerHost,
    mapBy: options.mapBy,
    bind: options.bind,
    environment: options.export,
    outputDirectory: options.outputDir,
    timeoutSeconds: options.timeout,
    insecure: options.insecure,
  };
}

/** Says what went wrong before any rank ran; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said it
  if ((error as NodeJS.ErrnoException).code === "EPIPE") return 1; // nobody reads our output any more
  if (!(error instanceof AptsError)) throw error;
  console.error(error.message);
  return error.exitCode;
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("Expected a positive integer.");
  return Number(text);
}

function positiveNumber(text: string): number {
  if (!(Number(text) > 0)) throw new InvalidArgumentError("Expected a positive number.");
  return Number(text);
}

/** NAME=VALUE, or NAME for the value it has here. */
function exported(text: string, known: Record<string, string>): Record<string, string> {
  const [name, ...rest] = text.split("=");
  const value = rest.length > 0 ? rest.join("=") : process.env[name!];
  if (!name || value === undefined) {
    throw new InvalidArgumentError(`Expected NAME=VALUE, or the NAME of a variable that is set.`);
  }
  return { ...known, [name]: value };
}

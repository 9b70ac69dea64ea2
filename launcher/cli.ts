#!/usr/bin/env node
/** `apts-launch -n 4 -- node my-program.js`: runs any program as ranks. */
import { Command, CommanderError } from "commander";
import { addOptions } from "../src/config/commander.js";
import { expectStartedOnce } from "../src/rank/starters/once.js";
import { communicationOptions } from "../src/config/communication.js";
import { integer, number, type OptionTable } from "../src/config/option.js";
import { resolveOptions } from "../src/config/resolve.js";
import { AptsError, reportOf, UsageError } from "../src/errors.js";
import { explainError, meaningOf } from "../src/host/system-errors.js";
import { printable } from "../src/terminal.js";
import { launch, plan, type LaunchSpec } from "./launch.js";
import { launchOptions, launchSpecOf } from "./options.js";
import { placementTable } from "./placement-table.js";
import { explain } from "./verdict.js";

const options = {
  ranks: integer({
    min: 1,
    max: 4096,
    fallback: undefined,
    help: "how many (default: one per GPU, else per core)",
  }),
  ...launchOptions,
  timeout: number({
    min: 1,
    fallback: 300,
    placeholder: "SECONDS",
    help: "deadline of a communication call",
  }),
  ...communicationOptions,
} satisfies OptionTable;

const program = new Command("apts-launch")
  .description("Runs a program as ranks, on this machine or on the hosts of a host file.")
  .usage("[options] -- program [arguments]")
  .argument("<program...>", "what every rank runs")
  .option("-n <N>", "same as --ranks")
  .option("-x, --export <NAME[=VALUE]>", "a variable for the ranks on other hosts (repeat)", exported)
  .exitOverride();
addOptions(program, options);

try {
  await program.parseAsync();
  process.exitCode = await run(program.args, program.opts());
} catch (error) {
  process.exitCode = report(error);
}

async function run(
  [command, ...args]: readonly string[],
  { n, export: environment, ...given }: Record<string, unknown>,
): Promise<number> {
  expectStartedOnce(
    "apts-launch",
    "Start it without mpirun or srun; or let these start the program: its init() joins the ranks.",
  );
  const values = resolveOptions(options, [
    { source: { kind: "command line" }, values: { ranks: n, ...given } },
  ]);
  const spec: LaunchSpec = {
    command: command!,
    args,
    ranks: values.ranks,
    environment: environment as Record<string, string>,
    timeoutSeconds: values.timeout,
    insecure: values.insecure,
    sharedMemory: values.sharedMemory,
    forwardSignals: true,
    ...(await launchSpecOf(values)),
  };
  if (values.dryRun) {
    console.log(placementTable(await plan(spec), [spec.command, ...args]));
    return 0;
  }
  const result = await launch(spec);
  if (result.failure) console.error(printable(explain(result)));
  return result.exitCode;
}

/** Says what kept the ranks from running; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said it
  if ((error as NodeJS.ErrnoException).code === "EPIPE") return 1; // nobody reads our output any more
  const known = reportOf(error);
  if (!(error instanceof AptsError) && meaningOf(known.code) === undefined) throw error;
  console.error(printable(error instanceof AptsError ? error.message : explainError(known)));
  return known.exitCode;
}

/** NAME=VALUE, or NAME for the value it has here. */
function exported(text: string, known: Record<string, string> = {}): Record<string, string> {
  const [name, ...rest] = text.split("=");
  const value = rest.length > 0 ? rest.join("=") : process.env[name!];
  if (!name || value === undefined) {
    throw new UsageError(
      `Expected --export NAME=VALUE, or the NAME of a variable that is set, got "${text}".`,
    );
  }
  return { ...known, [name]: value };
}

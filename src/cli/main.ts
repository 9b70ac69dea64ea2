#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { aptsVersion } from "../package.js";
import { showError, showFailure } from "./exit.js";

/** Each is loaded where it is the one that runs; all are where help shows them, or where none is named. */
const COMMANDS = new Map<string | undefined, () => Promise<(program: Command) => unknown>>(
  Object.entries({
    train: async () => (await import("./train.js")).trainCommand,
    submit: async () => (await import("./submit.js")).submitCommand,
    info: async () => (await import("./info.js")).infoCommand,
    doctor: async () => (await import("./doctor.js")).doctorCommand,
    fetch: async () => (await import("./fetch.js")).fetchCommand,
    report: async () => (await import("./report.js")).reportCommand,
    export: async () => (await import("./export.js")).exportCommand,
    methods: async () => (await import("./methods.js")).methodsCommand,
    sweep: async () => (await import("./sweep.js")).sweepCommand,
    scale: async () => (await import("./scale.js")).scaleCommand,
    compare: async () => (await import("./compare.js")).compareCommand,
    bench: async () => (await import("./bench.js")).benchCommand,
  }),
);

const program = new Command("apts")
  .description("Distributed training for TensorFlow.js without a learning rate to tune.")
  .version(aptsVersion())
  .showHelpAfterError("Run with --help for all options.")
  .exitOverride();

process.on("exit", (code) => {
  // Node.js: nothing is left to do, and what is awaited will never come. Version 20 tells listeners 0.
  if (code !== 13 && process.exitCode !== 13) return;
  showFailure(
    "It waits for a promise that nothing will settle: look for one in the module of a method, a model or data.",
  );
  process.exitCode = 1;
});
try {
  const named = COMMANDS.get(process.argv[2]);
  for (const load of named ? [named] : COMMANDS.values()) await (await load())(program);
  await program.parseAsync();
} catch (error) {
  // Commander has printed its message already; help and version end well.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = showError(error);
}

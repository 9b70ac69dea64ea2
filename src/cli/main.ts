#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { aptsVersion } from "../package.js";
import { showError, showFailure } from "./exit.js";

const words = process.argv.slice(2);

/** The method whose options a command has. */
const method = async () => (await import("./method-named.js")).methodOnCommandLine(words);

/** Each is loaded where it is the one that runs; all are where help shows them, or where none is named. */
const COMMANDS = new Map<string | undefined, () => Promise<void>>(
  Object.entries({
    train: async () => { (await import("./train.js")).trainCommand(program, await method()); },
    submit: async () => { (await import("./submit.js")).submitCommand(program, await method()); },
    info: async () => { (await import("./info.js")).infoCommand(program); },
    doctor: async () => { (await import("./doctor.js")).doctorCommand(program); },
    fetch: async () => { (await import("./fetch.js")).fetchCommand(program); },
    report: async () => { (await import("./report.js")).reportCommand(program); },
    export: async () => { (await import("./export.js")).exportCommand(program); },
    methods: async () => { (await import("./methods.js")).methodsCommand(program); },
    sweep: async () => { (await import("./sweep.js")).sweepCommand(program); },
    scale: async () => { (await import("./scale.js")).scaleCommand(program, await method()); },
    compare: async () => { (await import("./compare.js")).compareCommand(program); },
    bench: async () => { (await import("./bench.js")).benchCommand(program); },
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
  const named = COMMANDS.get(words[0]);
  if (named) await named();
  else for (const add of COMMANDS.values()) await add();
  await program.parseAsync();
} catch (error) {
  // Commander has printed its message already; help and version end well.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = showError(error);
}

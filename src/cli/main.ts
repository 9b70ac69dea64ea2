#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { aptsVersion } from "../run/folder/record.js";
import { compareCommand } from "./compare.js";
import { benchCommand } from "./bench.js";
import { doctorCommand } from "./doctor.js";
import { showError, showFailure } from "./exit.js";
import { exportCommand } from "./export.js";
import { fetchCommand } from "./fetch.js";
import { infoCommand } from "./info.js";
import { methodsCommand } from "./methods.js";
import { reportCommand } from "./report.js";
import { methodOnCommandLine } from "./method-named.js";
import { submitCommand } from "./submit.js";
import { scaleCommand } from "./scale.js";
import { sweepCommand } from "./sweep.js";
import { trainCommand } from "./train.js";

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
  const method = await methodOnCommandLine(process.argv.slice(2));
  trainCommand(program, method);
  submitCommand(program, method);
  infoCommand(program);
  doctorCommand(program);
  fetchCommand(program);
  reportCommand(program);
  exportCommand(program);
  methodsCommand(program);
  sweepCommand(program);
  scaleCommand(program, method);
  compareCommand(program);
  benchCommand(program);
  await program.parseAsync();
} catch (error) {
  // Commander has printed its message already; help and version end well.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = showError(error);
}

import { launch, type LaunchSpec } from "../../launcher/launch.js";
import type { Verdict } from "../../launcher/verdict.js";
import { ownProgram } from "../programs.js";

/** Runs the command `apts` as ranks. */
export function launchApts(
  args: readonly string[],
  spec: Omit<LaunchSpec, "command" | "args">,
): Promise<Verdict> {
  const program = ownProgram("../cli/main.js", import.meta.url);
  return launch({ ...spec, command: process.execPath, args: [program, ...args] });
}

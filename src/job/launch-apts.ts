import { readHostfile } from "../../launcher/hostfile.js";
import { launch, type LaunchSpec } from "../../launcher/launch.js";
import type { Verdict } from "../../launcher/verdict.js";
import { ownProgram } from "../package.js";

/** Runs the command `apts` as ranks, on the hosts of a file where one is given. */
export async function launchApts(
  args: readonly string[],
  { hostfile, ...spec }: Omit<LaunchSpec, "command" | "args"> & { readonly hostfile?: string | undefined },
): Promise<Verdict> {
  const program = ownProgram("../cli/main.js", import.meta.url);
  const hosts = hostfile === undefined ? spec.hosts : await readHostfile(hostfile);
  return launch({ ...spec, hosts, command: process.execPath, args: [program, ...args] });
}

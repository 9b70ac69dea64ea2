import type { Command } from "commander";
import { availableParallelism, cpus, hostname, totalmem } from "node:os";
import { BACKENDS } from "../run/options.js";
import { aptsVersion } from "../run/record.js";
import { choice, integer } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { addOptions } from "../config/commander.js";

const options = {
  backend: choice(BACKENDS, { fallback: "auto", help: "TensorFlow.js backend" }),
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
};

/** `apts info`: what this machine has, which backend will run, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program.command("info").description("show what will be used on this machine, and why");
  addOptions(command, options).action(async (values: Record<string, unknown>) => {
    const { backend: wanted, threads } = resolveOptions(options, [
      { source: { kind: "command line" }, values },
    ]);
    const { startBackend } = await import("../compute/backend.js");
    const backend = await startBackend({ backend: wanted, threads });
    const gib = (totalmem() / 2 ** 30).toFixed(1);
    console.log(`apts        ${aptsVersion()}, Node.js ${process.version}`);
    console.log(
      `host        ${hostname()}: ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), ${gib} GiB`,
    );
    console.log(`backend     ${backend.name}: ${backend.description}`);
    for (const { backend: name, reason } of backend.rejected) console.log(`not used    ${name}: ${reason}`);
  });
}

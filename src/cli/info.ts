import type { Command } from "commander";
import { cpus, hostname, totalmem } from "node:os";
import { computeOptions } from "../compute/options.js";
import { addOptions } from "../config/commander.js";
import { integer } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { describeHosts } from "../job/hosts.js";
import { startOptions } from "../job/job-options.js";
import { aptsVersion } from "../run/folder/record.js";
import { printable } from "../terminal.js";

const options = {
  ...computeOptions,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  hostfile: startOptions.hostfile,
};

/** `apts info`: what the hosts have, which backend and library will run here, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program.command("info").description("show what will be used on this machine, and why");
  addOptions(command, options).action(async (values: Record<string, unknown>) => {
    const { hostfile, ...wanted } = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
    show("apts", `${aptsVersion()}, Node.js ${process.version}`);
    show("machine", `${hostname()}: ${cpus()[0]?.model ?? "unknown processor"}, ${memory}`);
    for (const host of await describeHosts(hostfile)) show("host", host);

    const { startBackend } = await import("../compute/backend.js");
    const { productSpeed } = await import("../compute/product-speed.js");
    const backend = await startBackend(wanted);
    const speed = `${(await productSpeed(512, 5)).toFixed(1)} GFLOP/s on a small product`;
    show("backend", `${backend.name}: ${backend.description}, ${speed}`);
    for (const { backend: name, reason } of backend.rejected) show("not used", `${name}: ${reason}`);
    for (const { library, reason } of backend.blas?.rejected ?? []) show("not used", `${library}: ${reason}`);
    backend.stop();
  });
}

function show(what: string, text: string): void {
  console.log(`${what.padEnd(12)}${printable(text)}`);
}

import type { Command } from "commander";
import { cpus, hostname, totalmem } from "node:os";
import { describeHosts } from "../job/hosts.js";
import { aptsVersion } from "../run/folder/record.js";
import { printable } from "../terminal.js";
import { actWith, machineOptions } from "./options.js";

/** `apts info`: what the hosts have, which backend and library will run here, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program.command("info").description("show what will be used on this machine, and why");
  actWith(command, machineOptions, async ({ hostfile, ...wanted }) => {
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

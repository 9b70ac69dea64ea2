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

    const { computeFacts } = await import("../job/doctor/gather.js");
    const { backend, description, gigaflops, rejected } = await computeFacts(wanted);
    show("backend", `${backend}: ${description}, ${gigaflops.toFixed(1)} GFLOP/s on a small product`);
    for (const reason of rejected) show("not used", reason);
  });
}

function show(what: string, text: string): void {
  console.log(`${what.padEnd(12)}${printable(text)}`);
}

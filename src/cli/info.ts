import type { Command } from "commander";
import { cpus, hostname, totalmem } from "node:os";
import { coresOf, type Host } from "../../launcher/host.js";
import { readHostfile } from "../../launcher/hostfile.js";
import { inspectHosts } from "../../launcher/launch.js";
import { launchOptions } from "../../launcher/options.js";
import { slotsOf } from "../../launcher/placement.js";
import { computeOptions } from "../compute/options.js";
import { addOptions } from "../config/commander.js";
import { integer } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { printable } from "../terminal.js";
import { aptsVersion } from "../run/record.js";

const options = {
  ...computeOptions,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  hostfile: launchOptions.hostfile,
};

/** `apts info`: what the hosts have, which backend and library will run here, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program.command("info").description("show what will be used on this machine, and why");
  addOptions(command, options).action(async (values: Record<string, unknown>) => {
    const { hostfile, ...wanted } = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
    show("apts", `${aptsVersion()}, Node.js ${process.version}`);
    show("machine", `${hostname()}: ${cpus()[0]?.model ?? "unknown processor"}, ${memory}`);
    const hosts = await inspectHosts(hostfile === undefined ? undefined : await readHostfile(hostfile));
    for (const host of hosts) show("host", describeHost(host));

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

function describeHost(host: Host): string {
  const { name, slots, inventory } = host;
  const { cpus, cpuQuota, gpus } = inventory;
  const cores = coresOf(inventory);
  const found = gpus.length > 0 ? `GPUs ${gpus.join(", ")}` : "no GPU";
  const quota =
    cpuQuota !== undefined && cpuQuota < cpus.length
      ? ` (its control group allows the time of ${Number(cpuQuota.toFixed(2))} of ${cpus.length})`
      : "";
  const reason =
    slots !== undefined ? "slots of the host file" : gpus.length > 0 ? "one a GPU" : "one a core";
  return `${name}: ${cores} core${cores === 1 ? "" : "s"}${quota}, ${found}; ranks by default: ${slotsOf(host)} (${reason})`;
}

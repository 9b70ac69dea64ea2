import type { Command } from "commander";
import { cpus, totalmem } from "node:os";
import type { Host } from "../../launcher/host.js";
import { readHostfile } from "../../launcher/hostfile.js";
import { survey } from "../../launcher/launch.js";
import { slotsOf } from "../../launcher/placement.js";
import { BACKENDS } from "../run/options.js";
import { aptsVersion } from "../run/record.js";
import { choice, integer, text } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { addOptions } from "../config/commander.js";

const options = {
  hostfile: text({ fallback: undefined, placeholder: "FILE", help: "look at these hosts, not this machine" }),
  backend: choice(BACKENDS, { fallback: "auto", help: "TensorFlow.js backend" }),
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
};

/** `apts info`: what the hosts have, which backend will run on this machine, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program.command("info").description("show what will be used, and why");
  addOptions(command, options).action(async (values: Record<string, unknown>) => {
    const {
      hostfile,
      backend: wanted,
      threads,
    } = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const hosts = await survey(hostfile === undefined ? undefined : await readHostfile(hostfile));
    const { startBackend } = await import("../compute/backend.js");
    const backend = await startBackend({ backend: wanted, threads });
    const gib = (totalmem() / 2 ** 30).toFixed(1);
    console.log(`apts        ${aptsVersion()}, Node.js ${process.version}`);
    console.log(`machine     ${cpus()[0]?.model ?? "unknown processor"}, ${gib} GiB`);
    for (const host of hosts) console.log(`host        ${describeHost(host)}`);
    console.log(`backend     ${backend.name}: ${backend.description}`);
    for (const { backend: name, reason } of backend.rejected) console.log(`not used    ${name}: ${reason}`);
  });
}

/** "n1: 4 cores, GPU 0, 1; 2 ranks unless told otherwise, one per GPU" */
function describeHost(host: Host): string {
  const {
    name,
    slots,
    inventory: { cpus: cores, gpus },
  } = host;
  const ranks = slotsOf(host);
  const reason = slots !== undefined ? "as its slots= says" : `one per ${gpus.length > 0 ? "GPU" : "core"}`;
  return (
    `${name}: ${count(cores.length, "core")}, ${gpus.length > 0 ? `GPU ${gpus.join(", ")}` : "no GPU"}; ` +
    `${count(ranks, "rank")} unless told otherwise, ${reason}`
  );
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

import { coresOf, type Host } from "../../launcher/host.js";
import { readHostfile } from "../../launcher/hostfile.js";
import { inspectHosts } from "../../launcher/launch.js";
import { slotsOf } from "../../launcher/placement.js";
import { formatPlural } from "../report/format.js";

/** What the hosts of a host file, or this one, have for a job: a line each. */
export async function describeHosts(hostfile: string | undefined): Promise<string[]> {
  const hosts = await inspectHosts(hostfile === undefined ? undefined : await readHostfile(hostfile));
  return hosts.map(describeHost);
}

function describeHost(host: Host): string {
  const { name, slots, inventory } = host;
  const { cpus, cpuQuota, gpus } = inventory;
  const found = gpus.length > 0 ? `GPUs ${gpus.join(", ")}` : "no GPU";
  const quota =
    cpuQuota !== undefined && cpuQuota < cpus.length
      ? ` (its control group allows the time of ${Number(cpuQuota.toFixed(2))} of ${cpus.length})`
      : "";
  const reason =
    slots !== undefined ? "slots of the host file" : gpus.length > 0 ? "one a GPU" : "one a core";
  return `${name}: ${formatPlural(coresOf(inventory), "core")}${quota}, ${found}; ranks by default: ${slotsOf(host)} (${reason})`;
}

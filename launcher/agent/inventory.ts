import { readControlGroup } from "../../src/host/control-group.js";
import { usableCpus } from "../../src/host/cores.js";
import { visibleGpus } from "../../src/host/gpus.js";
import type { Inventory } from "../host.js";
import type { Transport } from "./protocol.js";

/** Looks at this host. `variables` is the environment ranks will inherit. */
export function takeInventory(variables: NodeJS.ProcessEnv, transport: Transport): Inventory {
  // "client address, its port, server address, its port"; the launcher's own host may be in somebody else's session.
  const reachedFrom = transport === "ssh" ? variables["SSH_CONNECTION"]?.split(" ")[0] : undefined;
  const quota = readControlGroup().cpus?.value;
  return {
    cpus: usableCpus(),
    ...(quota === undefined ? {} : { cpuQuota: quota }),
    gpus: visibleGpus(variables),
    ...(reachedFrom ? { reachedFrom } : {}),
  };
}

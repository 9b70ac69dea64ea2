import { spawn, type ChildProcess } from "node:child_process";
import { probeWrappers, type Wrap } from "../../../launcher/agent/wrappers.js";
import { ownProgram } from "../../package.js";
import type { OwnPlace } from "./cores.js";

/**
 * What starts `apts train` as a process of its own, bound to cores, which ends with this one; its ranks are bound within
 * them, and see its GPUs alone. Where the host has no taskset it runs anywhere.
 * @param cpus those that may be asked for; undefined is asked for where a run is on other hosts
 */
export async function pinnedTrain(
  cpus: readonly number[],
): Promise<(args: readonly string[], place: OwnPlace | undefined) => ChildProcess> {
  const wrap: Wrap = await probeWrappers(cpus, process.env);
  const program = ownProgram("../../cli/main.js", import.meta.url);
  return (args, place) => {
    const [command, ...rest] = [...wrap(place?.cpus), process.execPath, program, "train", ...args];
    const gpus = place?.gpus ?? [];
    const env = gpus.length === 0 ? process.env : { ...process.env, CUDA_VISIBLE_DEVICES: gpus.join(",") };
    // Of a group of its own: what a terminal's Ctrl-C asks of all, it is asked for by this process alone.
    return spawn(command!, rest, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  };
}

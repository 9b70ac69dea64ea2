import { availableParallelism } from "node:os";
import { gpuOfTask } from "../../launcher/slurm.js";
import { init, type Communicator } from "../comm/index.js";
import type { RankEnvironment } from "../comm/rendezvous/index.js";
import { watchParent } from "../comm/rendezvous/lifeline.js";
import { encodeEvent, EVENTS_VARIABLE } from "../events.js";
import { reportOf } from "../errors.js";
import type { RunEvent } from "../run/events.js";
import { train } from "../run/train.js";
import { showError, STOPPED_BY } from "./exit.js";
import type { RunSpec } from "./run-spec.js";

/**
 * This process as one rank of a training run: joins the others, trains, and returns the exit code. Under a launcher
 * it reports by events; without one (a SLURM task) rank 0 shows the run itself.
 */
export async function runRank(
  { config, out, dataFiles }: RunSpec,
  task: Pick<RankEnvironment, "localRank" | "localSize">,
  show: (event: RunEvent) => void,
): Promise<number> {
  const launched = process.env[EVENTS_VARIABLE] === "1";
  const gpu = launched ? undefined : gpuOfTask(task, process.env);
  if (gpu !== undefined) process.env["CUDA_VISIBLE_DEVICES"] = gpu;
  watchParent();
  const stop = new AbortController();
  let code = 0;
  for (const [signal, number] of Object.entries(STOPPED_BY)) {
    process.on(signal, () => {
      code = number;
      stop.abort();
    });
  }
  let comm: Communicator | undefined;
  try {
    comm = await init({ timeoutSeconds: config.timeout, insecure: config.insecure });
    await train(config, out, {
      comm,
      dataFiles,
      threads: config.threads ?? (await fewestCores(comm, task.localSize)),
      stop: stop.signal,
      observe: launched ? (event) => process.stdout.write(encodeEvent({ type: "run", event })) : show,
    });
    return code;
  } catch (error) {
    if (!launched) return showError(error);
    process.stdout.write(encodeEvent({ type: "error", error: reportOf(error) }));
    return reportOf(error).exitCode;
  } finally {
    await comm?.close();
  }
}

/** The cores that every rank has to itself: results depend on the number of threads, so all ranks take the same. */
async function fewestCores(comm: Communicator, localSize: number): Promise<number> {
  const fewest = await comm.allreduce(Int32Array.of(coresOf(localSize)), "min");
  return fewest[0]!;
}

/** The cores this rank has to itself, as its launcher or SLURM says, else its share of the machine's. */
function coresOf(localSize: number): number {
  const told = process.env["APTS_CORES"] ?? process.env["SLURM_CPUS_PER_TASK"];
  return told === undefined ? Math.max(1, Math.floor(availableParallelism() / localSize)) : Number(told);
}

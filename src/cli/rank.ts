import { RESTART_VARIABLE } from "../../launcher/launch.js";
import { gpuOfTask, secondsLeft } from "../../launcher/slurm.js";
import { init, type Communicator } from "../comm/index.js";
import type { JoinOptions, RankEnvironment } from "../comm/rendezvous/index.js";
import { watchParent } from "../comm/rendezvous/lifeline.js";
import { encodeEvent, EVENTS_VARIABLE } from "../events.js";
import { reportOf } from "../errors.js";
import { usableCores } from "../host/cores.js";
import type { RunEvent } from "../run/events.js";
import { train } from "../run/train.js";
import { showError } from "./exit.js";
import type { RunSpec } from "./run-spec.js";
import type { StopSignals } from "./stop-signals.js";

/** What this process is and has as a rank. */
export interface RankProcess {
  readonly task: Pick<RankEnvironment, "localRank" | "localSize">;
  /** Of the communication, where SLURM started the ranks; a launcher says it itself. */
  readonly join: JoinOptions;
  readonly signals: StopSignals;
  readonly show: (event: RunEvent) => void;
}

/**
 * This process as one rank of a training run: joins the others, trains what rank 0 plans, and returns the exit code.
 * Under a launcher it reports by events; without one (a SLURM task) rank 0 shows the run itself.
 */
export async function runRank(
  plan: () => RunSpec,
  { task, join, signals, show }: RankProcess,
): Promise<number> {
  const launched = process.env[EVENTS_VARIABLE] === "1";
  const gpu = launched ? undefined : gpuOfTask(task, process.env);
  if (gpu !== undefined) process.env["CUDA_VISIBLE_DEVICES"] = gpu;
  watchParent();
  let comm: Communicator | undefined;
  try {
    comm = await init(join);
    const { config, out, beginning, dataFiles } = await comm.broadcastObject(
      comm.rank === 0 ? plan() : undefined,
    );
    const wasRestarted = Number(process.env[RESTART_VARIABLE] ?? 0) > 0;
    const { ended } = await train(config, out, {
      comm,
      beginning: wasRestarted ? "resume" : beginning,
      dataFiles,
      threads: config.threads ?? (await fewestCores(comm, task.localSize)),
      stop: signals.stop,
      secondsLeft: () => secondsLeft(process.env),
      observe: launched ? (event) => process.stdout.write(encodeEvent({ type: "run", event })) : show,
    });
    return ended === "stopped" ? signals.exitCode() : 0;
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
  return told === undefined ? Math.max(1, Math.floor(usableCores() / localSize)) : Number(told);
}

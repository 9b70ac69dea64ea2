import { RESTART_VARIABLE } from "../../launcher/launch.js";
import { gpuOfTask, secondsLeft } from "../../launcher/slurm.js";
import { init, type CommunicationLog, type Communicator } from "../comm/index.js";
import type { JoinOptions, Task } from "../comm/rendezvous/index.js";
import { watchParent } from "../comm/rendezvous/lifeline.js";
import { encodeEvent, EVENTS_VARIABLE } from "../events.js";
import { reportOf } from "../errors.js";
import { usableCores } from "../host/cores.js";
import type { RunEvent } from "../run/events.js";
import { train } from "../run/train.js";
import { showError } from "./exit.js";
import { meetNeighbours } from "./neighbours.js";
import type { RunSpec } from "./run-spec.js";
import type { StopSignals } from "./stop-signals.js";

/** What this process is and has as a rank. */
export interface RankProcess {
  readonly task: Pick<Task, "localRank" | "localSize">;
  /** Of the communication, where something else started the ranks; our launcher says it itself. */
  readonly join: JoinOptions;
  readonly signals: StopSignals;
  readonly show: (event: RunEvent) => void;
}

/**
 * This process as one rank of a training run: joins the others, trains what rank 0 plans, and returns the exit code.
 * Under a launcher it reports by events; without one (a task of SLURM, of mpirun) rank 0 shows the run itself.
 */
export async function runRank(
  plan: () => RunSpec,
  { task, join, signals, show }: RankProcess,
): Promise<number> {
  const launched = process.env[EVENTS_VARIABLE] === "1";
  watchParent();
  let comm: Communicator | undefined;
  try {
    comm = await init({ ...join, ...(launched ? { log: tellLauncher } : {}) });
    const cores = launched ? undefined : await settle(comm, task);
    const { config, out, beginning, handedOver } = await comm.broadcastObject(
      comm.rank === 0 ? plan() : undefined,
    );
    const wasRestarted = Number(process.env[RESTART_VARIABLE] ?? 0) > 0;
    const { ended } = await train(config, out, {
      comm,
      beginning: wasRestarted ? "resume" : beginning,
      handedOver,
      threads: config.threads ?? (await fewestCores(comm, cores)),
      stop: signals.stop,
      begun: () => {
        signals.mayFinishStep();
      },
      secondsLeft: () => secondsLeft(process.env),
      observe: launched ? (event) => process.stdout.write(encodeEvent({ type: "run", event })) : show,
    });
    return ended === "stopped" ? signals.exitCode() : 0;
  } catch (error) {
    if (!launched) {
      // All were asked to stop, and one was quicker.
      const isConsequence = signals.stop.aborted && reportOf(error).consequence;
      return isConsequence ? signals.exitCode() : showError(error);
    }
    process.stdout.write(encodeEvent({ type: "error", error: reportOf(error) }));
    return reportOf(error).exitCode;
  } finally {
    await comm?.close();
  }
}

const tellLauncher: CommunicationLog = (level, message) => {
  if (level === "warn") process.stdout.write(encodeEvent({ type: "notice", message }));
};

/** The cores that every rank has to itself: results depend on the number of threads, so all ranks take the same. */
async function fewestCores(comm: Communicator, found: number | undefined): Promise<number> {
  const told = process.env["APTS_CORES"] ?? process.env["SLURM_CPUS_PER_TASK"];
  const fewest = await comm.allreduce(Int32Array.of(Number(told ?? found ?? usableCores())), "min");
  return fewest[0]!;
}

/** Takes this rank's GPU, before anything computes; returns its share of the cores. */
async function settle(comm: Communicator, task: RankProcess["task"]): Promise<number> {
  const { cores, ...found } = await meetNeighbours(comm);
  const place = {
    localRank: task.localRank ?? found.localRank,
    localSize: task.localSize ?? found.localSize,
  };
  const gpu = gpuOfTask(place, process.env);
  if (gpu !== undefined) process.env["CUDA_VISIBLE_DEVICES"] = gpu;
  return cores;
}

import { init, type CommunicationLog, type Communicator } from "../comm/index.js";
import type { JoinOptions } from "../comm/rendezvous/meeting/join.js";
import { reportOf } from "../errors.js";
import { usableCores } from "../host/cores.js";
import { fromVariables } from "../rank/environment.js";
import { tellLauncher } from "../rank/events.js";
import { watchParent } from "../rank/lifeline.js";
import type { Task } from "../rank/starters/task.js";
import type { StopSignals } from "../rank/stop-signals.js";
import { secondsLeft } from "../rank/time-left.js";
import type { RunEvent } from "../run/events.js";
import type { ProgramEvent, Word } from "../run/program.js";
import { train } from "../run/train.js";
import { gpuOfTask, meetNeighbours } from "./neighbours.js";
import type { RunSpec } from "./specification.js";

/** What this process is and has as a rank. */
export interface RankProcess {
  readonly task: Pick<Task, "localRank" | "localSize">;
  /** Of the communication, where something else started the ranks; our launcher says it itself. */
  readonly join: JoinOptions;
  readonly signals: StopSignals;
  readonly show: (event: RunEvent) => void;
  /** Shows what has failed; returns the exit code. */
  readonly showError: (error: unknown) => number;
}

/**
 * This process as one rank of a training run: joins the others, trains what rank 0 plans, and returns the exit code.
 * Under a launcher it reports by events; without one (a task of SLURM, of mpirun) rank 0 shows the run itself.
 */
export async function runRank(
  plan: () => Promise<RunSpec>,
  { task, join, signals, show, showError }: RankProcess,
): Promise<number> {
  const launched = fromVariables(process.env);
  const reports = launched?.readsEvents === true;
  const words = watchParent();
  let comm: Communicator | undefined;
  try {
    comm = await init({ ...join, ...(reports ? { log: tellWarnings } : {}) });
    const cores = reports ? launched.cores : await settle(comm, task);
    const { config, out, beginning, handedOver } = await comm.broadcastObject(
      comm.rank === 0 ? await plan() : undefined,
    );
    const wasRestarted = (launched?.restarts ?? 0) > 0;
    const { ended } = await train(config, out, {
      comm,
      beginning: wasRestarted ? "resume" : beginning,
      handedOver,
      threads: config.threads ?? (await fewestCores(comm, cores)),
      stop: signals.stop,
      begun: signals.mayFinishStep,
      secondsLeft: () => secondsLeft(process.env),
      program:
        reports && comm.rank === 0
          ? { tell: tellProgram, next: () => words.next() as Promise<Word> }
          : undefined,
      observe: reports ? tellOfRun : show,
    });
    return ended === "stopped" ? signals.exitCode() : 0;
  } catch (error) {
    if (!reports) {
      // All were asked to stop, and one was quicker.
      const isConsequence = signals.stop.aborted && reportOf(error).consequence;
      return isConsequence ? signals.exitCode() : showError(error);
    }
    tellLauncher({ type: "error", error: reportOf(error) });
    return reportOf(error).exitCode;
  } finally {
    await comm?.close();
  }
}

function tellOfRun(event: RunEvent): void {
  tellLauncher({ type: "run", event });
}

function tellProgram(event: ProgramEvent): void {
  tellLauncher({ type: "program", event });
}

const tellWarnings: CommunicationLog = (level, message) => {
  if (level === "warn") tellLauncher({ type: "notice", message });
};

/** The cores that every rank has to itself: results depend on the number of threads, so all ranks take the same. */
async function fewestCores(comm: Communicator, own = usableCores()): Promise<number> {
  const [fewest] = await comm.allreduce(Int32Array.of(own), "min");
  return fewest!;
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
  return Number(process.env["SLURM_CPUS_PER_TASK"] ?? cores);
}

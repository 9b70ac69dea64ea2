import { UsageError } from "../../errors.js";
import { fromVariables } from "../environment.js";
import { flux, hydra, mvapich, openMpi, pals } from "./mpi.js";
import { slurm } from "./slurm.js";
import { textOf, wholeOf, type Starter, type Task } from "./task.js";
import { indexedJob, torch, torchrun, trainJob } from "./torch.js";

/**
 * Who may have started this process, the innermost first: MPI's launchers run inside the allocations of resource
 * managers, whose variables their processes inherit and which describe the launcher, not them.
 */
const STARTERS: readonly Starter[] = [
  torchrun,
  openMpi,
  mvapich,
  pals,
  hydra,
  flux,
  slurm,
  trainJob,
  indexedJob,
  torch,
];

/**
 * What this process is where something other than apts has started it as one of several ranks; undefined where it is
 * an ordinary process.
 * @throws UsageError where the environment says half of it, or two things
 */
export function startedBy(variables: NodeJS.ProcessEnv): Task | undefined {
  for (const starter of STARTERS) {
    const found = starter(variables);
    if (!found) continue;
    const task = found.starter === "MPICH" ? givesPmi(found, variables) : found;
    agreeWithRank(task, variables);
    agreeWithMaster(task);
    return task;
  }
  return undefined;
}

/** What this process is among the ranks of a job, whoever has started it; undefined where it is none. */
export function thisRank(
  variables: NodeJS.ProcessEnv,
): Pick<Task, "starter" | "rank" | "size" | "localRank" | "localSize"> | undefined {
  const launched = fromVariables(variables);
  return launched ? { ...launched, starter: "apts-launch" } : startedBy(variables);
}

/** Resource managers speak PMI, too: where they tell the same, they have started the process, and know more. */
function givesPmi(task: Task, variables: NodeJS.ProcessEnv): Task {
  const manager = flux(variables) ?? slurm(variables);
  return manager?.rank === task.rank && manager.size === task.size ? manager : task;
}

/**
 * Scripts often hand a starter's numbers on as RANK and WORLD_SIZE. Where these say something else nobody can know
 * which are meant: a pod's, or a login shell's, were inherited by what was started inside.
 */
function agreeWithRank(task: Task, variables: NodeJS.ProcessEnv): void {
  if (task.starter === "torchrun") return;
  const differs = (name: string, value: number): boolean =>
    textOf(variables, name) !== undefined && wholeOf(variables, name) !== value;
  if (!differs("RANK", task.rank) && !differs("WORLD_SIZE", task.size)) return;
  const said = ["RANK", "WORLD_SIZE"].flatMap((name) =>
    textOf(variables, name) === undefined ? [] : [`${name}=${variables[name]!}`],
  );
  throw new UsageError(
    `${task.starter} has started this process as rank ${task.rank} of ${task.size}, but the environment has ${said.join(" and ")}, ` +
      "too. Unset these (env -u RANK -u WORLD_SIZE …), or give them the same values.",
  );
}

function agreeWithMaster({ starter, size, localSize, place }: Task): void {
  if (place.kind !== "host" || localSize === undefined || localSize === size) return;
  throw new UsageError(
    `Expected MASTER_ADDR to name the host of rank 0 for all hosts, got this host's own address for itself, though ${starter} ` +
      `has only ${localSize} of its ${size} ranks here. Unset it, or give rank 0's name in the network.`,
  );
}

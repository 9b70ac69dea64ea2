import { UsageError } from "../../../errors.js";
import { expandNodelist } from "./nodelist.js";

/** One task of a SLURM job step, which is one rank. */
export interface SlurmTask {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  /** Names this start of the step on its cluster; another after a requeue. */
  readonly step: string;
  /** The node of task 0; undefined where all tasks are on one node. */
  readonly firstNode: string | undefined;
}

/**
 * The task this process is, undefined where it is none. To be in a job is not to be a task: a batch script has
 * SLURM_PROCID too, but no step. A step of one task is an ordinary process with a machine to itself.
 */
export function slurmTask(variables: NodeJS.ProcessEnv): SlurmTask | undefined {
  const size = Number(variables["SLURM_STEP_NUM_TASKS"] ?? 1);
  if (variables["SLURM_STEP_ID"] === undefined || size === 1) return undefined;
  const text = (name: string): string => {
    const value = variables[name];
    if (value === undefined)
      throw new UsageError(`Expected ${name} in the environment of a SLURM task, found none.`);
    return value;
  };
  const rank = Number(text("SLURM_PROCID"));
  const node = Number(text("SLURM_NODEID"));
  const nodes = expandNodelist(text("SLURM_STEP_NODELIST"));
  if (rank === 0 && node !== 0) {
    throw new UsageError(
      `Expected task 0 of the SLURM step on its first node, ${nodes[0]!}, found it on ` +
        `${nodes[node] ?? "another"}. Start the step with another --distribution.`,
    );
  }
  return {
    rank,
    size,
    localRank: Number(text("SLURM_LOCALID")),
    localSize: tasksPerNode(text("SLURM_STEP_TASKS_PER_NODE"))[node]!,
    step: [
      variables["SLURM_CLUSTER_NAME"] ?? "",
      text("SLURM_JOB_ID"),
      text("SLURM_STEP_ID"),
      variables["SLURM_RESTART_COUNT"] ?? "0",
    ].join("."),
    firstNode: nodes.length === 1 ? undefined : nodes[0]!,
  };
}

/** "2(x3),1" → [2, 2, 2, 1] */
function tasksPerNode(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, tasks, nodes = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part)!;
    return Array<number>(Number(nodes)).fill(Number(tasks));
  });
}

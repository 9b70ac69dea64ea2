import { readFileSync } from "node:fs";
import { UsageError } from "../../errors.js";
import { expandNodelist } from "./nodelist.js";
import { masterOf, rankOf, textOf, wholeOf, type Place, type Task } from "./task.js";

/**
 * A task of a SLURM job step. To be in a job is not to be a task: a batch script has SLURM_PROCID too, but no step. A
 * step of one task is an ordinary process with a machine to itself; so is what runs in the shell of an interactive step.
 */
export function slurm(variables: NodeJS.ProcessEnv): Task | undefined {
  const size = Number(variables["SLURM_STEP_NUM_TASKS"] ?? 1);
  if (variables["SLURM_STEP_ID"] === undefined || size === 1) return undefined;
  if (inInteractiveShell(variables)) return undefined;
  const text = (name: string): string => {
    const value = textOf(variables, name);
    if (value === undefined)
      throw new UsageError(`Expected ${name} in the environment of a SLURM task, found none.`);
    return value;
  };
  const { rank } = rankOf(variables, { rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS" })!;
  const node = Number(text("SLURM_NODEID"));
  const nodes = expandNodelist(text("SLURM_STEP_NODELIST"));
  if (rank === 0 && node !== 0) {
    throw new UsageError(
      `Expected task 0 of the SLURM step on its first node, ${nodes[0]!}, found it on ` +
        `${nodes[node] ?? "another"}. Start the step with another --distribution.`,
    );
  }
  text("SLURM_LOCALID");
  return {
    starter: "SLURM",
    rank,
    size,
    localRank: wholeOf(variables, "SLURM_LOCALID"),
    localSize: tasksPerNode(text("SLURM_STEP_TASKS_PER_NODE"))[node]!,
    job: [
      variables["SLURM_CLUSTER_NAME"] ?? "",
      text("SLURM_JOB_ID"),
      text("SLURM_STEP_ID"),
      variables["SLURM_RESTART_COUNT"] ?? "0",
    ].join("."),
    place: placeOf(nodes, variables),
  };
}

/** On one node no network is needed; the first node may have a name that only SLURM knows. */
function placeOf(nodes: readonly string[], variables: NodeJS.ProcessEnv): Place {
  if (nodes.length === 1) return { kind: "address", hosts: ["127.0.0.1"], munge: true };
  const given = masterOf(variables);
  const hosts = given?.kind === "address" ? given.hosts : [nodes[0]!];
  return { kind: "address", hosts, munge: true };
}

/** "2(x3),1" → [2, 2, 2, 1] */
function tasksPerNode(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, tasks, nodes = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part)!;
    return Array<number>(Number(nodes)).fill(Number(tasks));
  });
}

/**
 * Whether this process runs in a shell that somebody types into (`srun -n 4 --pty bash`): the step's other tasks are
 * shells too, and end at once. With --pty the task itself may also be apts, or a script that runs it.
 */
function inInteractiveShell(variables: NodeJS.ProcessEnv): boolean {
  if (textOf(variables, "SLURM_PTY_PORT") === undefined) return false;
  const task = textOf(variables, "SLURM_TASK_PID");
  if (task === String(process.pid)) return false;
  let words: string[];
  try {
    words = readFileSync(`/proc/${task ?? "none"}/cmdline`, "utf8")
      .split("\0")
      .slice(0, -1);
  } catch {
    const tasks = variables["SLURM_STEP_NUM_TASKS"]!;
    throw new UsageError(
      `This process runs inside an interactive SLURM step of ${tasks} tasks (srun --pty), and cannot tell whether it is one ` +
        `of them. To start a rank for each task: srun --overlap -n ${tasks} apts train …; to start ranks from this shell, ` +
        `on this node: env -u SLURM_STEP_ID apts train ….`,
    );
  }
  const [program = "", ...options] = words;
  const isShell = /^-|^(.*\/)?(ba|z|k|da|a|c|tc|fi)?sh$/.test(program);
  return isShell && options.every((word) => word.startsWith("-") && !/^-[^-]*c/.test(word));
}

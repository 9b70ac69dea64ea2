import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { AptsError } from "../../../errors.js";
import { allowsSharedMemory, type RankEnvironment } from "../environment.js";
import { newJobId, newJobKey } from "../job.js";
import { startRendezvous } from "../server.js";
import { announce, hear } from "./meeting-point.js";
import { mungeSeal, noSeal, secretSeal, type Seal } from "./seal.js";
import type { SlurmTask } from "./task.js";

/** Holds a secret that all tasks inherited, where the user, or a job script, has set one before srun. */
const SECRET_VARIABLE = "APTS_JOB_KEY";

export interface JoinOptions {
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
  /** Whether ranks of one host may read payloads from each other's memory. */
  readonly sharedMemory: boolean;
}

export interface Joined {
  readonly environment: RankEnvironment;
  /** Ends task 0's rendezvous; to be called when this rank has met the others, or given up. */
  close(): Promise<void>;
}

/**
 * Makes a SLURM task a rank: all tasks get to know one job key and where to meet, though nothing started them but
 * srun. Task 0 makes the key, runs the rendezvous, and announces both (meeting-point.ts), sealed by munge or, where the
 * variable APTS_JOB_KEY is set, with its value. Other users may see what a task's environment, arguments and
 * `scontrol` show; none of that leads to the key.
 */
export async function joinSlurm(task: SlurmTask, options: JoinOptions): Promise<Joined> {
  const seal = chooseSeal(options.insecure);
  const host = task.firstNode === undefined ? "127.0.0.1" : await nodeAddress(task.firstNode);
  return task.rank === 0 ? receive(task, options, seal, host) : visit(task, options, seal, host);
}

/** What the tasks must agree on, beside what SLURM tells each. */
type Invitation = Pick<RankEnvironment, "jobId" | "jobKey" | "rendezvous">;

/** Task 0: makes the secrets, runs the rendezvous and invites the others. */
async function receive(task: SlurmTask, options: JoinOptions, seal: Seal, host: string): Promise<Joined> {
  const secrets = { jobId: newJobId(), jobKey: newJobKey() };
  const rendezvous = await startRendezvous({ ...options, ...secrets, size: task.size, host });
  const invitation: Invitation = { ...secrets, rendezvous: rendezvous.endpoint };
  const reachable = task.firstNode === undefined ? host : "0.0.0.0";
  const server = await announce(task.step, JSON.stringify(invitation), seal, reachable);
  const close = async (): Promise<void> => {
    server.close();
    await rendezvous.close();
  };
  return { environment: environmentOf(task, options, invitation), close };
}

async function visit(task: SlurmTask, options: JoinOptions, seal: Seal, host: string): Promise<Joined> {
  const invitation = JSON.parse(await hear(task.step, host, seal, options.timeoutSeconds)) as Invitation;
  return { environment: environmentOf(task, options, invitation), close: () => Promise.resolve() };
}

function environmentOf(
  { rank, size, localRank, localSize }: SlurmTask,
  options: JoinOptions,
  invitation: Invitation,
): RankEnvironment {
  const sharedMemory = options.sharedMemory && allowsSharedMemory(process.env);
  return { rank, size, localRank, localSize, ...options, sharedMemory, ...invitation };
}

function chooseSeal(insecure: boolean): Seal {
  const secret = process.env[SECRET_VARIABLE];
  if (insecure) return noSeal;
  if (secret) return secretSeal(secret);
  const { error, status, stderr } = spawnSync("munge", ["--no-input"], { encoding: "utf8" });
  if (status === 0) return mungeSeal();
  throw new AptsError(
    `Expected munge to work on ${hostname()}, by which the tasks of a SLURM step share their key: ` +
      `${error?.message ?? stderr.trim()}\n` +
      `Without munge, set a secret before srun: export ${SECRET_VARIABLE}=$(openssl rand -hex 32); ` +
      "or, on a trusted network, pass --insecure.",
  );
}

/** A node's name where it is one of the network's too, else the address SLURM knows it by. */
async function nodeAddress(node: string): Promise<string> {
  const known = await lookup(node).catch(() => undefined);
  if (known) return node;
  const { stdout } = spawnSync("scontrol", ["show", "node", node], { encoding: "utf8" });
  return /\bNodeAddr=(\S+)/.exec(stdout)?.[1] ?? node;
}

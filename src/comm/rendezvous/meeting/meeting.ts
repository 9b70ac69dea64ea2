import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { AptsError, UsageError } from "../../../errors.js";
import { placeName, type Place, type Task } from "../../../rank/starters/task.js";
import { externalAddress } from "../../transport/sockets.js";
import { givenSecret, networkSeal } from "./key.js";
import { announce, candidatePorts, hear, type Door } from "./meeting-point.js";
import { exchange } from "./pmi.js";
import { privateSocket, removeStale } from "./private-folder.js";
import { noSeal, secretSeal } from "./seal.js";

/** How rank 0 tells the others of its job one message. */
export interface Meeting {
  /** Rank 0: the name or address of its host for all ranks. */
  ownHost(): Promise<string>;
  /** Rank 0: tells `message` until the function that is returned is called. */
  announce(message: string): Promise<() => void>;
  /** The others: what rank 0 tells, and under which name they reach its host. */
  hear(): Promise<{ message: string; host: string }>;
}

interface Options {
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
}

const LOOPBACK = "127.0.0.1";
/** How long to wait before a name is looked up again, in milliseconds. */
const LOOKUP_PAUSE = 500;

/** The meeting of a task whose place is known. */
export async function meetingOf(task: Task, options: Options): Promise<Meeting> {
  const { place } = task;
  switch (place.kind) {
    case "host":
      return inPrivate(task, await privateSocket(task.job), options);
    case "address":
      return overNetwork(task, place, options);
    case "pmi":
      return throughLauncher(place, options);
    case "unknown":
      throw new UsageError(`Expected ${task.starter} to say where rank 0 is.`);
    default:
      return place satisfies never;
  }
}

function inPrivate(task: Task, path: string, { timeoutSeconds }: Options): Meeting {
  const { job } = task;
  const doors = [{ path, name: placeName(task) }];
  return {
    ownHost: () => Promise.resolve(LOOPBACK),
    async announce(message) {
      await removeStale(path);
      const server = await announce(job, message, noSeal, doors);
      return () => server.close();
    },
    async hear() {
      const { message } = await hear(job, doors, noSeal, timeoutSeconds);
      return { message, host: LOOPBACK };
    },
  };
}

type Address = Extract<Place, { kind: "address" }>;

async function overNetwork(
  task: Task,
  place: Address,
  { timeoutSeconds, insecure }: Options,
): Promise<Meeting> {
  const seal = networkSeal(task, insecure);
  const ports = place.port === undefined ? candidatePorts(task.job) : [place.port];
  const hosts = place.munge === true ? await Promise.all(place.hosts.map(nodeAddress)) : place.hosts;
  return {
    ownHost: () => (place.launchers === true ? ownOf(task, hosts) : resolved(hosts[0]!, timeoutSeconds)),
    async announce(message) {
      const listensTo = hosts.every((host) => host === LOOPBACK) ? LOOPBACK : "0.0.0.0";
      const doors = ports.map((port): Door => ({ host: listensTo, port }));
      const server = await announce(task.job, message, seal, doors);
      return () => server.close();
    },
    async hear() {
      const doors = hosts.flatMap((host) => ports.map((port) => ({ host, port })));
      const { message, door } = await hear(task.job, doors, seal, timeoutSeconds);
      return { message, host: (door as { host: string }).host };
    },
  };
}

/** The launcher's connections are its own affair; a secret the user gave hides from them what is said. */
function throughLauncher(
  { descriptor, local }: Extract<Place, { kind: "pmi" }>,
  { timeoutSeconds }: Options,
): Meeting {
  const secret = givenSecret();
  const seal = secret === undefined ? noSeal : secretSeal(secret);
  const own = (): Promise<string> =>
    local ? Promise.resolve(LOOPBACK) : networkAddress(process.env["MPIR_CVAR_CH3_INTERFACE_HOSTNAME"]);
  return {
    ownHost: own,
    async announce(message) {
      const told = JSON.stringify({ message, host: await own() });
      await exchange(descriptor, await seal.seal(told), timeoutSeconds);
      return () => undefined;
    },
    async hear() {
      const told = await seal.open(await exchange(descriptor, undefined, timeoutSeconds));
      return JSON.parse(told) as { message: string; host: string };
    },
  };
}

/** Which of the launcher's addresses is this machine's. */
function ownOf(task: Task, hosts: readonly string[]): Promise<string> {
  const own = Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []);
  const host = hosts.find((address) => own.includes(address));
  if (host !== undefined) return Promise.resolve(host);
  throw new UsageError(
    `Expected rank 0 on the host where ${task.starter}'s launcher runs (${hosts.join(", ")}), found it on ${hostname()}. Set ` +
      `MASTER_ADDR=${hostname()} and MASTER_PORT to a free port there, for all ranks.`,
  );
}

/** `host` when it resolves: in Kubernetes a name appears after the process that it names. */
async function resolved(host: string, timeoutSeconds: number): Promise<string> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const known = await lookup(host).catch((error: unknown) => error as NodeJS.ErrnoException);
    if (!(known instanceof Error)) return host;
    if (Date.now() > deadline) {
      throw new AptsError(
        `Expected the name ${host} of rank 0's host to resolve within ${timeoutSeconds} s: ${known.message}.`,
      );
    }
    await sleep(LOOKUP_PAUSE);
  }
}

/** An address of this machine that others reach: its name's, unless that is known to itself alone. */
async function networkAddress(name = hostname()): Promise<string> {
  const found = await lookup(name, { family: 4 }).catch(() => undefined);
  if (found && !found.address.startsWith("127.")) return found.address;
  return externalAddress() ?? LOOPBACK;
}

/** A node's name where it is one of the network's too, else the address SLURM knows it by. */
async function nodeAddress(node: string): Promise<string> {
  if (await lookup(node).catch(() => undefined)) return node;
  const { stdout } = spawnSync("scontrol", ["show", "node", node], { encoding: "utf8" });
  return /\bNodeAddr=(\S+)/.exec(stdout)?.[1] ?? node;
}

import { hostname } from "node:os";
import type { HostSpec } from "../../../launcher/host.js";
import { readHostfile } from "../../../launcher/hostfile.js";
import { HostUnreachableError } from "../../../launcher/hosts.js";
import { inspectHosts } from "../../../launcher/launch.js";
import type { BackendOptions } from "../../compute/backend.js";
import type { RankEnvironment } from "../../rank/environment.js";
import { tellLauncher } from "../../rank/events.js";
import { watchParent } from "../../rank/lifeline.js";
import { launchApts } from "../launch-apts.js";
import type { DoctorEvent, Examination, HostFacts, PairFacts, Reach } from "./facts.js";

/** How long hosts have to find each other, and a call between them, in seconds. */
const PATIENCE = 60;
/** The names of the job's hosts, for its ranks. */
const NAMES_VARIABLE = "APTS_DOCTOR_HOSTS";

/** Examines the hosts of a host file; undefined: this one. */
export async function examine(hostfile: string | undefined): Promise<Examination> {
  const specs = hostfile === undefined ? [{ name: hostname() }] : await readHostfile(hostfile);
  const unreached = await findUnreachable(specs);
  const reached = specs.filter(({ name }) => !unreached.some(({ host }) => host === name));
  return { ...(await startRanks(reached)), unreached };
}

/** Hosts no agent can be started on, tried one by one: one that is down keeps no other from being examined. */
async function findUnreachable(specs: readonly HostSpec[]): Promise<Examination["unreached"]> {
  const tried = await Promise.allSettled(specs.map((spec) => inspectHosts([spec])));
  return tried.flatMap((outcome, index) => {
    if (outcome.status === "fulfilled") return [];
    const error: unknown = outcome.reason;
    if (!(error instanceof HostUnreachableError)) throw error;
    return [{ host: specs[index]!.name, message: error.message }];
  });
}

/** Starts this command as a rank on each host, or two on one, which report what they find. */
async function startRanks(specs: readonly HostSpec[]): Promise<Omit<Examination, "unreached">> {
  const hosts = specs.map(({ name }) => name);
  const facts: (HostFacts | undefined)[] = hosts.map(() => undefined);
  const [reach, pairs, troubles]: [Reach[], PairFacts[], Examination["troubles"][number][]] = [[], [], []];
  const examination = { hosts, facts, reach, pairs, troubles };
  if (hosts.length === 0) return examination;
  const ranks = Math.max(2, hosts.length);
  const { failure } = await launchApts(process.argv.slice(2), {
    hosts: specs.map(({ name }) => ({ name, slots: ranks })),
    ranks,
    ranksPerHost: hosts.length === 1 ? 2 : 1,
    bind: false,
    environment: { [NAMES_VARIABLE]: JSON.stringify(hosts) },
    timeoutSeconds: PATIENCE,
    forwardSignals: true,
    onEvent(rank, event) {
      if (event.type !== "doctor") return;
      const told = event.event as DoctorEvent;
      if (told.type === "facts") facts[rank] = told.facts;
      else if (told.type === "reach") reach.push(told.reach);
      else if (told.type === "pair") pairs.push(told.pair);
      else troubles.push({ rank, message: told.message });
    },
    onOutput: () => undefined, // what a failed rank said last is part of its description
  });
  if (failure) troubles.push({ rank: failure.rank, message: failure.description });
  return examination;
}

/** This process as one of those ranks. */
export async function examineAsRank(
  { rank, localRank, rendezvous }: RankEnvironment,
  compute: BackendOptions,
): Promise<void> {
  const tell = (event: DoctorEvent): void => {
    tellLauncher({ type: "doctor", event });
  };
  watchParent();
  // Only ranks compute and communicate.
  const { gatherFacts } = await import("./gather.js");
  const { init } = await import("../../comm/index.js");
  const { measurePairs, probe } = await import("./pairs.js");
  const names = JSON.parse(process.env[NAMES_VARIABLE] ?? "[]") as string[];
  try {
    if (localRank === 0) tell({ type: "facts", facts: await gatherFacts({ names, rendezvous, compute }) });
    const comm = await init({
      async onMet(peers) {
        const found = await probe(
          rank,
          peers.map(({ tcp }) => tcp),
        );
        for (const reach of found) tell({ type: "reach", reach });
      },
    });
    await measurePairs(comm, (pair) => {
      tell({ type: "pair", pair });
    });
    await comm.close();
  } catch (error) {
    tell({ type: "trouble", message: (error as Error).message });
  }
}

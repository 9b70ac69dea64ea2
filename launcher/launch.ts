import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { startRendezvous } from "../src/comm/rendezvous/server.js";
import { newJob, toVariables, type RankEnvironment } from "../src/rank/environment.js";
import type { RankEvent } from "../src/rank/events.js";
import { STOPPED } from "../src/rank/stop-signals.js";
import { checkLoopback, ownAddress } from "./address.js";
import type { RankStart } from "./agent/protocol.js";
import type { Host, HostSpec } from "./host.js";
import { Hosts } from "./hosts.js";
import { Job } from "./job.js";
import { fileOutput, terminalOutput, type OutputWriter, type WriteLine } from "./output.js";
import { place, type Placement, type PlacementRules } from "./placement.js";
import { StopRequests } from "./stop-requests.js";
import { settlesWithin } from "./waiting.js";
import type { RankFailure, Verdict } from "./verdict.js";

export interface LaunchSpec extends Partial<PlacementRules> {
  /** The program of every rank, and its arguments. */
  readonly command: string;
  readonly args: readonly string[];
  /** Where ranks run; undefined: on this machine. */
  readonly hosts?: readonly HostSpec[] | undefined;
  /**
   * Variables for the ranks beside what they inherit: all of this process's on this machine; elsewhere those of ssh's
   * login and this process's APTS_….
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The ranks' working directory, on every host; undefined: this process's. */
  readonly cwd?: string | undefined;
  /** Deadline of every communication call of the ranks. */
  readonly timeoutSeconds: number;
  /** No encryption between ranks, for networks that are trusted. */
  readonly insecure?: boolean | undefined;
  /** Whether ranks of one host may read payloads from each other's memory; default: yes. */
  readonly sharedMemory?: boolean | undefined;
  /** Keeps the ranks' output in files of this folder instead of showing it. */
  readonly outputDir?: string | undefined;
  /** Asks the ranks to stop when aborted, as SIGTERM does. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Lets SIGINT, SIGTERM or SIGHUP of this process ask the ranks to stop, and end them when another follows; passes
   * SIGUSR1 and SIGUSR2 on.
   */
  readonly forwardSignals?: boolean | undefined;
  /** Told what a rank tells; `answer` hands it a word. */
  readonly onEvent?: ((rank: number, event: RankEvent, answer: Answer) => void) | undefined;
  /** Takes the ranks' output, a line at a time, instead of showing it. */
  readonly onOutput?: WriteLine | undefined;
  readonly restarts?: Restarts | undefined;
}

/** Hands a rank a word, which it reads from its lifeline (src/rank/lifeline.ts). */
export type Answer = (word: unknown) => void;

/** Starts the whole job again after a failure, at most `limit` times, and only while `mayRestart` says so. */
export interface Restarts {
  readonly limit: number;
  mayRestart(failure: RankFailure): boolean | Promise<boolean>;
}

/** How long a rank that missed another leaves that one to say what happened, in milliseconds. */
const CAUSE_TIME = 2000;
/** How long ranks have to end when another failed, and their hosts to say that they did, in seconds. */
const STOP_GRACE = 5;
const STOP_TIME = 8;

/**
 * Runs a program as ranks; resolves when all have ended. When one fails the others are ended, and the result says
 * which failed first. Throws what keeps the job from starting at all: UsageError, HostUnreachableError.
 */
export async function launch(spec: LaunchSpec): Promise<Verdict> {
  const hosts = await connect(spec.hosts);
  const requests = new StopRequests();
  let output: OutputWriter | undefined;
  try {
    const placements = placeRanks(spec, hosts.all);
    output = await openOutput(spec, placements);
    if (spec.signal) requests.follow(spec.signal);
    if (spec.forwardSignals) requests.followProcess();
    for (let restart = 0; ; restart++) {
      const result = await runOnce({ spec, hosts, placements, output, requests }, restart);
      if (!result.failure || requests.stoppedBy || restart >= (spec.restarts?.limit ?? 0)) return result;
      if (!(await spec.restarts!.mayRestart(result.failure))) return result;
    }
  } finally {
    requests.close();
    await hosts.close().finally(() => output?.close());
  }
}

/** What decides where ranks run. */
export type PlacementSpec = Pick<LaunchSpec, keyof PlacementRules | "hosts">;

/** What the hosts have; this machine, where none are named. Starts nothing on them. */
export async function inspectHosts(specs?: readonly HostSpec[]): Promise<readonly Host[]> {
  const hosts = await connect(specs);
  await hosts.close();
  return hosts.all;
}

/** Where each rank would run; unless the user says how many: one per GPU, else one per core, or what the host file says. */
export async function plan(spec: PlacementSpec): Promise<Placement[]> {
  return placeRanks(spec, await inspectHosts(spec.hosts));
}

function connect(specs: readonly HostSpec[] = [{ name: hostname() }]): Promise<Hosts> {
  return Hosts.connect(specs);
}

interface Launch {
  readonly spec: LaunchSpec;
  readonly hosts: Hosts;
  readonly placements: readonly Placement[];
  readonly output: OutputWriter;
  readonly requests: StopRequests;
}

async function runOnce(
  { spec, hosts, placements, output, requests }: Launch,
  restart: number,
): Promise<Verdict> {
  if (requests.stoppedBy) return { exitCode: STOPPED[requests.stoppedBy], consequences: [] };
  const { timeoutSeconds, insecure = false, sharedMemory = true } = spec;
  const group = { ...newJob(), size: placements.length, timeoutSeconds, insecure, sharedMemory };
  const addressFor = ownAddress(hosts.all);
  if (placements.length > 1) checkLoopback(placements.map(({ host }) => addressFor(host)));
  const rendezvous = await startRendezvous({ ...group, host: addressFor(placements[0]!.host) });
  const port = new URL(rendezvous.endpoint).port;
  const tell = (rank: number, event: RankEvent): void => {
    spec.onEvent?.(rank, event, (word) => {
      hosts.broadcast({ type: "word", rank, word });
    });
  };
  const job = new Job(placements, tell, output.write);
  const done = new AbortController();
  try {
    hosts.listen((message) => job.handle(message));
    const ranks = placements.map((placement) =>
      rankStart(spec, placement, {
        ...group,
        rendezvous: `tcp://${addressFor(placement.host)}:${port}`,
        restarts: restart,
      }),
    );
    hosts.broadcast({ type: "start", ranks });
    requests.listen({
      stop(signal) {
        job.userStops(signal);
        hosts.broadcast({ type: "signal", signal: "SIGTERM" });
      },
      kill() {
        hosts.broadcast({ type: "signal", signal: "SIGKILL" });
        void abandonLater(job, done.signal);
      },
      passOn(signal) {
        hosts.broadcast({ type: "signal", signal });
      },
    });
    await Promise.race([job.over, job.troubled]);
    await settlesWithin(Promise.race([job.over, job.caused]), CAUSE_TIME);
    hosts.broadcast({ type: "stop", graceSeconds: STOP_GRACE, silent: job.silent });
    void abandonLater(job, done.signal);
    await job.over;
    return job.verdict();
  } finally {
    requests.listen(undefined);
    done.abort();
    await rendezvous.close();
  }
}

/** This process's APTS_… variables, which ranks on other hosts do not inherit. */
const OWN_VARIABLES = Object.fromEntries(
  Object.entries(process.env as Record<string, string>).filter(([name]) => name.startsWith("APTS_")),
);

async function abandonLater(job: Job, until: AbortSignal): Promise<void> {
  await sleep(STOP_TIME * 1000, undefined, { signal: until }).catch(() => undefined);
  if (!until.aborted) job.abandon(`It did not end within ${STOP_TIME} s of being told to.`);
}

function placeRanks(spec: PlacementSpec, hosts: readonly Host[]): Placement[] {
  return place(hosts, { mapBy: "slot", bind: true, ...spec });
}

async function openOutput(
  { onOutput, outputDir }: LaunchSpec,
  placements: readonly Placement[],
): Promise<OutputWriter> {
  if (onOutput) return { write: onOutput, close: () => Promise.resolve() };
  return outputDir === undefined ? terminalOutput(placements) : fileOutput(outputDir);
}

function rankStart(
  { command, args, environment, cwd = process.cwd() }: LaunchSpec,
  { rank, host, localRank, localSize, gpu, cores, cpus }: Placement,
  group: Omit<RankEnvironment, keyof Placement>,
): RankStart {
  const variables = {
    ...OWN_VARIABLES,
    ...environment,
    ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu }),
    ...toVariables({ ...group, rank, localRank, localSize, cores, readsEvents: true }),
  };
  return { rank, host, command, args, cwd, environment: variables, ...(cpus ? { cpus } : {}) };
}

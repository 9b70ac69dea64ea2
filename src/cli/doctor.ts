import Table from "cli-table3";
import type { Command } from "commander";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import type { HostSpec } from "../../launcher/host.js";
import { readHostfile } from "../../launcher/hostfile.js";
import { HostUnreachableError, inspectHosts, launch } from "../../launcher/launch.js";
import { launchOptions } from "../../launcher/options.js";
import { computeOptions } from "../compute/options.js";
import { fromVariables, type RankEnvironment } from "../rank/environment.js";
import { watchParent } from "../rank/lifeline.js";
import { addOptions } from "../config/commander.js";
import { flag, integer, type ValuesOf } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { tellLauncher } from "../rank/events.js";
import { judge } from "../job/doctor/checks.js";
import type { DoctorEvent, Examination, HostFacts, PairFacts, Reach } from "../job/doctor/facts.js";
import { visibleGpus } from "../host/gpus.js";
import type { Finding, State } from "../job/doctor/finding.js";
import { aptsVersion } from "../run/record.js";
import { coloursFor } from "../terminal.js";

const options = {
  hostfile: launchOptions.hostfile,
  ...computeOptions,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  json: flag({ fallback: false, help: "print JSON" }),
};
type Options = ValuesOf<typeof options>;

/** How long hosts have to find each other, and a call between them, in seconds. */
const PATIENCE = 60;
/** The names of the job's hosts, for its ranks. */
const NAMES_VARIABLE = "APTS_DOCTOR_HOSTS";

/** `apts doctor`: what is fine on the hosts of a job and what is not, each with its remedy. */
export function doctorCommand(program: Command): void {
  const command = program
    .command("doctor")
    .description(
      "say what is fine on this machine, or all hosts of a host file, and what is not, with its remedy",
    )
    .addHelpText(
      "after",
      "\nEnds with 0 where a job can run, warnings or not, and with 1 where a problem will keep it from running.",
    );
  addOptions(command, options).action(async (values: Record<string, unknown>) => {
    const wanted = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const rank = fromVariables(process.env);
    if (rank) await examineAsRank(rank, wanted);
    else process.exitCode = await examine(wanted);
  });
}

async function examine({ hostfile, json }: Options): Promise<number> {
  const specs = hostfile === undefined ? [{ name: hostname() }] : await readHostfile(hostfile);
  const unreached = await findUnreachable(specs);
  const reached = specs.filter(({ name }) => !unreached.some(({ host }) => host === name));
  const examination = { ...(await examineHosts(reached)), unreached };
  const findings = judge(examination);
  const exitCode = findings.some(({ state }) => state === "problem") ? 1 : 0;
  console.log(json ? JSON.stringify({ exitCode, findings, examination }, null, 2) : table(findings));
  return exitCode;
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

/** Starts a rank on each host, or two on one, which report what they find. */
async function examineHosts(specs: readonly HostSpec[]): Promise<Omit<Examination, "unreached">> {
  const hosts = specs.map(({ name }) => name);
  const facts: (HostFacts | undefined)[] = hosts.map(() => undefined);
  const [reach, pairs, troubles]: [Reach[], PairFacts[], Examination["troubles"][number][]] = [[], [], []];
  const examination = { hosts, facts, reach, pairs, troubles };
  if (hosts.length === 0) return examination;
  const ranks = Math.max(2, hosts.length);
  const { failure } = await launch({
    command: process.execPath,
    args: [fileURLToPath(new URL("./main.js", import.meta.url)), ...process.argv.slice(2)],
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
async function examineAsRank(
  environment: RankEnvironment,
  { backend, blas, threads }: Options,
): Promise<void> {
  const tell = (event: DoctorEvent): void => {
    tellLauncher({ type: "doctor", event });
  };
  watchParent();
  const { gatherFacts } = await import("../job/doctor/gather.js");
  const { init } = await import("../comm/index.js");
  const { measurePairs, probe } = await import("../job/doctor/pairs.js");
  const { rank, localRank, rendezvous } = environment;
  const names = JSON.parse(process.env[NAMES_VARIABLE] ?? "[]") as string[];
  try {
    if (localRank === 0) {
      const gpus = visibleGpus(process.env);
      const compute = { backend, blas, threads };
      const facts = await gatherFacts({ apts: aptsVersion(), names, rendezvous, gpus, compute });
      tell({ type: "facts", facts });
    }
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

const SIGNS = { ok: "ok", warning: "warning", problem: "PROBLEM" } as const satisfies Record<State, string>;

function table(findings: readonly Finding[]): string {
  const colours = coloursFor(process.stdout);
  const paint = { ok: colours.green, warning: colours.yellow, problem: colours.red };
  const width = Math.max(60, (process.stdout.columns || 120) - 60);
  const rows = new Table({
    head: ["host", "what", "", "found and, where it is not fine, what to do"],
    colWidths: [null, null, null, width],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { host = "all", subject, state, found, remedy } of findings) {
    rows.push([host, subject, paint[state](SIGNS[state]), remedy ? `${found}\n→ ${remedy}` : found]);
  }
  const count = (state: State): number => findings.filter((it) => it.state === state).length;
  const end = `${count("problem")} problems, ${count("warning")} warnings`;
  return `${rows.toString()}\n${end}`;
}

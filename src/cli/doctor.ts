import type { Command } from "commander";
import { judge } from "../job/doctor/checks.js";
import { examine, examineAsRank } from "../job/doctor/examine.js";
import type { Examination } from "../job/doctor/facts.js";
import type { Finding, State } from "../job/doctor/finding.js";
import { fromVariables } from "../rank/environment.js";
import { formatPlural } from "../report/format.js";
import { coloursFor, drawnTable, printable, printableLine } from "../terminal.js";
import { actWith, json, machineOptions } from "./options.js";

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
  actWith(command, { ...machineOptions, json }, async ({ hostfile, json, ...compute }) => {
    const rank = fromVariables(process.env);
    if (rank) await examineAsRank(rank, compute);
    else process.exitCode = show(await examine(hostfile), json);
  });
}

function show(examination: Examination, json: boolean): number {
  const findings = judge(examination);
  const exitCode = findings.some(({ state }) => state === "problem") ? 1 : 0;
  console.log(json ? JSON.stringify({ exitCode, findings, examination }, null, 2) : table(findings));
  return exitCode;
}

const SIGNS = { ok: "ok", warning: "warning", problem: "PROBLEM" } as const satisfies Record<State, string>;

function table(findings: readonly Finding[]): string {
  const colours = coloursFor(process.stdout);
  const paint = { ok: colours.green, warning: colours.yellow, problem: colours.red };
  const width = Math.max(60, (process.stdout.columns || 120) - 60);
  const rows = findings.map(({ host = "all", subject, state, found, remedy }) => {
    const told = printable(remedy ? `${found}\n→ ${remedy}` : found);
    return [printableLine(host), subject, paint[state](SIGNS[state]), told];
  });
  const drawn = drawnTable(rows, {
    head: ["host", "what", "", "found and, where it is not fine, what to do"],
    colWidths: [null, null, null, width],
    wordWrap: true,
    style: { compact: true },
  });
  const count = (state: State): number => findings.filter((it) => it.state === state).length;
  const end = `${formatPlural(count("problem"), "problem")}, ${formatPlural(count("warning"), "warning")}`;
  return `${drawn}\n${end}`;
}

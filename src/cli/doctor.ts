import Table from "cli-table3";
import type { Command } from "commander";
import { computeOptions } from "../compute/options.js";
import { addOptions } from "../config/commander.js";
import { flag, integer } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { judge } from "../job/doctor/checks.js";
import { examine, examineAsRank } from "../job/doctor/examine.js";
import type { Examination } from "../job/doctor/facts.js";
import type { Finding, State } from "../job/doctor/finding.js";
import { startOptions } from "../job/job-options.js";
import { fromVariables } from "../rank/environment.js";
import { formatPlural } from "../report/format.js";
import { coloursFor, printable, printableLine } from "../terminal.js";

const options = {
  hostfile: startOptions.hostfile,
  ...computeOptions,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  json: flag({ fallback: false, help: "print JSON" }),
};

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
    const given = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const { hostfile, json, ...compute } = given;
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
  const rows = new Table({
    head: ["host", "what", "", "found and, where it is not fine, what to do"],
    colWidths: [null, null, null, width],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { host = "all", subject, state, found, remedy } of findings) {
    const told = printable(remedy ? `${found}\n→ ${remedy}` : found);
    rows.push([printableLine(host), subject, paint[state](SIGNS[state]), told]);
  }
  const count = (state: State): number => findings.filter((it) => it.state === state).length;
  const end = `${formatPlural(count("problem"), "problem")}, ${formatPlural(count("warning"), "warning")}`;
  return `${rows.toString()}\n${end}`;
}

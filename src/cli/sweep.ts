import type { Command } from "commander";
import { join } from "node:path";
import { addOptions } from "../config/commander.js";
import { flag, integer, kebab, text, type OptionTable } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { submitOptions } from "../job/batch.js";
import { readRuns } from "../job/reported.js";
import { ownCores, type OwnPlace } from "../job/side-by-side/cores.js";
import { slotsIn, type HostPlace } from "../job/side-by-side/host-slots.js";
import { pinnedTrain } from "../job/side-by-side/pinned-train.js";
import { STOPPED } from "../rank/stop-signals.js";
import { formatPlural } from "../report/format.js";
import { reportMarkdown, reportOf } from "../report/written.js";
import { writeWhole } from "../run/folder/files.js";
import { readSweep } from "../sweep/file.js";
import { planRuns, type PlannedRun } from "../sweep/plan.js";
import { runsIn, type Ending } from "../sweep/record.js";
import { runSweep, type Way } from "../sweep/run.js";
import { drawnTable, printable, printableLine } from "../terminal.js";
import { submitSweep } from "../sweep/submit.js";
import { progressOn, takeSignals } from "./many-runs.js";

const options = {
  out: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "folder of what comes out; runs that are finished there are not run again (default: runs/NAME of the file)",
  }),
  jobs: integer({
    min: 1,
    max: 4096,
    fallback: undefined,
    help: "runs at a time (default: as many as have cores of their own, or as SLURM starts)",
  }),
  hosts: text({
    fallback: undefined,
    placeholder: "FILE",
    help: "host file: each run has slots of one of its hosts (default: this machine)",
  }),
  submit: flag({ fallback: false, help: "submit the runs to SLURM, as an array of jobs" }),
} satisfies OptionTable;

/** `apts sweep sweep.yaml`: runs of all combinations of options. */
export function sweepCommand(program: Command): void {
  const command = program
    .command("sweep")
    .description("train with all combinations of options, and draw what comes out")
    .argument("<file>", "YAML or JSON file that says which (docs/sweep.md)");
  addOptions(command, { ...options, ...submitOptions }).action(
    async (file: string, values: Record<string, unknown>) => {
      process.exitCode = await sweep(file, values);
    },
  );
}

async function sweep(file: string, values: Record<string, unknown>): Promise<number> {
  const given = { ...options, ...submitOptions };
  const all = resolveOptions(given, [{ source: { kind: "command line" }, values }]);
  const { jobs, hosts, out: folder, submit, ...job } = all;
  refuseTogether(values);
  const asked = readSweep(file);
  const out = folder ?? join("runs", asked.name);
  const planned = await planRuns(asked, file);
  if (submit) {
    console.log(printable(await submitSweep(planned, { name: asked.name, out, job, jobs })));
    return 0;
  }
  const stops = takeSignals();
  const show = progressOn(process.stderr, "run");
  const run = <Place>(way: Way<Place>) =>
    runSweep(planned, { name: asked.name, out, way, stops, observe: show.observe });
  const endings = await (hosts === undefined
    ? run(await onCores(jobs))
    : run(await onHosts(hosts, out, planned)));
  show.end();
  if (!endings) {
    console.error(`apts sweep ${printableLine(file)} goes on from here.`);
    return STOPPED[stops.by() ?? "SIGTERM"];
  }
  await writeReport(out, asked.name, planned, endings);
  const failed = [...endings.values()].filter((ending) => "failure" in ending).length;
  if (failed === 0) return 0;
  console.error(
    `apts: ${formatPlural(failed, "run")} of ${planned.length} failed: ${printableLine(join(out, "runs.csv"))} says why. The same command runs them again.`,
  );
  return 1;
}

/** @throws UsageError for options of which one leaves nothing to the other */
function refuseTogether(values: Record<string, unknown>): void {
  const has = (name: string): boolean => values[name] !== undefined && values[name] !== false;
  if (has("hosts") && has("jobs"))
    throw new UsageError(
      "Expected --jobs without --hosts, whose slots say how many runs go at a time. Leave one of them out.",
    );
  if (has("hosts") && has("submit"))
    throw new UsageError(
      "Expected --hosts without --submit: SLURM chooses the hosts. Leave one of them out.",
    );
  const ofSlurm = Object.keys(submitOptions).find(has);
  if (ofSlurm !== undefined && !has("submit"))
    throw new UsageError(
      `Expected --submit with --${kebab(ofSlurm)}, which is SLURM's. Add --submit, or leave it out.`,
    );
}

async function onCores(jobs: number | undefined): Promise<Way<OwnPlace>> {
  const places = ownCores(jobs);
  return { places, start: await pinnedTrain(places.all) };
}

async function onHosts(file: string, out: string, planned: readonly PlannedRun[]): Promise<Way<HostPlace>> {
  const most = planned.reduce((ranks, { config }) => Math.max(ranks, config.ranks), 1);
  const places = await slotsIn(file, join(out, "hosts"), most);
  const start = await pinnedTrain([]);
  // Each launcher knows its own ranks alone: bound, those of several would share cores.
  return {
    places,
    start: (args, { hostfile }) => start([...args, "--hostfile", hostfile, "--no-bind"], undefined),
  };
}

/** The report of those runs that are finished, beside them; its first table and its place are printed. */
async function writeReport(
  out: string,
  name: string,
  planned: readonly PlannedRun[],
  endings: ReadonlyMap<string, Ending>,
): Promise<void> {
  const finished = planned.filter(({ key }) => "summary" in endings.get(key)!);
  if (finished.length === 0) return;
  const { runs, title } = await readRuns(finished.map((run) => ({ folder: join(runsIn(out), run.name) })));
  const left = planned.length - finished.length;
  const heading = `${name}: ${title}${left > 0 ? `, without ${formatPlural(left, "run")} that failed` : ""}`;
  const report = reportOf(runs, heading, "quartiles");
  await writeWhole(join(out, "curves.svg"), report.picture);
  await writeWhole(join(out, "report.html"), report.page());
  await writeWhole(join(out, "report.md"), reportMarkdown(report, heading, "curves.svg"));
  const [head, ...rows] = report.tables.tables[0]!.map((row) => row.map(printableLine));
  console.log(drawnTable(rows, { head: head! }));
  if (report.tables.note !== undefined) console.log(report.tables.note);
  console.log(`report in ${printableLine(join(out, "report.html"))}`);
}

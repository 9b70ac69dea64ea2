import type { Command } from "commander";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { addOptions } from "../config/commander.js";
import { choice, flag, text, type OptionTable, type ValuesOf } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { readRuns, rowOf, type Reported } from "../job/reported.js";
import { makeFolder, pathError } from "../paths.js";
import { markdownTable } from "../report/comparison.js";
import { formatPlural } from "../report/format.js";
import { pngOf } from "../report/png.js";
import { runsCsv } from "../report/runs-table.js";
import { timelineSvg } from "../report/timeline.js";
import { readTrace } from "../report/trace.js";
import { BANDS } from "../report/spread.js";
import { reportOf } from "../report/written.js";
import { writeWhole } from "../run/folder/files.js";
import { runsIn, SWEEP_FILE, type SweepRecord } from "../sweep/record.js";
import { drawnTable, printableLine } from "../terminal.js";

const options = {
  out: text({
    fallback: "curves.svg",
    placeholder: "FILE",
    help: "the picture: SVG, or PNG where it ends in .png",
  }),
  html: text({
    fallback: undefined,
    placeholder: "FILE",
    help: "a page with the same, to zoom into and to read by the pointer: one file that needs no network",
  }),
  csv: text({ fallback: undefined, placeholder: "FILE", help: "a table of the runs as CSV, a row each" }),
  band: choice(BANDS, {
    fallback: "quartiles",
    help: "of runs that differ in the seed alone: the median in a band of quartiles, the mean in its 95 % interval, or the median in a band from smallest to largest",
  }),
  markdown: flag({ fallback: false, help: "print the tables in Markdown" }),
} satisfies OptionTable;

/** `apts report RUN…`: curves and tables of finished or running runs; runs that differ in the seed alone become a curve in a band. */
export function reportCommand(program: Command): void {
  const command = program
    .command("report")
    .description("draw the curves of one or many runs in one picture, and tabulate what they reach")
    .argument(
      "<run...>",
      "run folders, and folders of sweeps; NAME=FOLDER gives a name; runs that differ in nothing but the seed are one curve",
    );
  addOptions(command, options).action(async (folders: string[], values: Record<string, unknown>) => {
    const given = resolveOptions(options, [{ source: { kind: "command line" }, values }]);
    const found = folders.map(foldersOf);
    for (const { told } of found) if (told !== undefined) console.error(told);
    await report(await readRuns(once(found.flatMap(({ runs }) => runs))), given);
  });
}

async function report(
  { runs, title }: Reported,
  { out, html, csv, band, markdown }: ValuesOf<typeof options>,
): Promise<void> {
  const kind = extname(out).toLowerCase();
  if (kind !== ".svg" && kind !== ".png") {
    throw new UsageError(`Expected --out to be a picture that ends in .svg or .png, got ${out}.`);
  }
  const made = reportOf(runs, title, band);
  await write(out, "the picture", kind === ".png" ? await pngOf(made.picture) : made.picture);
  if (html !== undefined) await write(html, "the page", made.page(await timelinesOf(runs)));
  if (csv !== undefined) await write(csv, "the table", runsCsv(runs.map(rowOf)));
  const { tables, note } = made.tables;
  for (const table of tables) {
    const [head, ...rows] = table.map((row) => row.map(printableLine));
    console.log(markdown ? `${markdownTable([head!, ...rows])}\n` : drawnTable(rows, { head: head! }));
  }
  if (note) console.log(note);
  console.log(`curves in ${printableLine(out)}`);
}

/** A step of each run that has a trace. */
async function timelinesOf(runs: Reported["runs"]): Promise<string[]> {
  const timelines: string[] = [];
  for (const { folder } of runs) {
    const trace = await readTrace(folder);
    if (trace) timelines.push(timelineSvg(trace, folder));
  }
  return timelines;
}

async function write(path: string, what: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path), "the folder");
  await writeWhole(path, content).catch((error: unknown) => {
    throw pathError(`to write ${what} ${path}`, error);
  });
}

interface Named {
  readonly folder: string;
  readonly label: string | undefined;
}

/** The runs without those given again, as by `runs/* runs/sweep`: none counts twice in a band. */
function once(runs: readonly Named[]): Named[] {
  const seen = new Set<string>();
  return runs.filter(({ folder, label }) => {
    const path = existsSync(folder) ? realpathSync(folder) : folder;
    const run = JSON.stringify([path, label]);
    if (!seen.has(run)) return seen.add(run);
    console.error(printableLine(`${folder} is given more than once: counted once.`));
    return false;
  });
}

/** A run folder, or those of a sweep that have begun and did not fail. */
function foldersOf(argument: string): { runs: Named[]; told?: string } {
  const [, label, folder] = /^(?:(.*)=)?([^=]*)$/.exec(argument)!;
  const sweep = join(folder!, SWEEP_FILE);
  if (!existsSync(sweep)) return { runs: [{ folder: folder!, label }] };
  const all = (JSON.parse(readFileSync(sweep, "utf8")) as SweepRecord).runs;
  const runs = all
    .filter(({ state }) => state !== "failed")
    .map(({ name }) => ({ folder: join(runsIn(folder!), name), label }))
    .filter((run) => existsSync(join(run.folder, "metrics.jsonl")));
  const left = all.length - runs.length;
  if (left === 0) return { runs };
  const told = `${formatPlural(left, "run")} of ${all.length} in ${folder!} failed or did not begin: left out.`;
  return { runs, told: printableLine(told) };
}

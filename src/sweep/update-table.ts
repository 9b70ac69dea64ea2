/**
 * `node update-table.js OUT`: brings the table of a submitted sweep up to date. Every job of the array runs it at its end,
 * on any host and beside others.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ENDED, STOPPED_CODES } from "../job/batch.js";
import { reasonIn } from "../job/side-by-side/child-run.js";
import { runsIn, SWEEP_FILE, SweepTable, type Ending, type KnownRun, type SweepRecord } from "./record.js";
import { finishedIn } from "./run.js";

/** Writes what the folders say, until that is what is written: who writes last has seen all that ended before. */
async function updateTable(out: string): Promise<void> {
  for (let written = ""; ;) {
    const { name, runs } = JSON.parse(await readFile(join(out, SWEEP_FILE), "utf8")) as SweepRecord;
    const known = runs.map(({ options, ...run }) => ({ ...run, varied: options }));
    const endings = await endingsIn(out, known);
    const found = JSON.stringify([...endings]);
    if (found === written) return;
    await new SweepTable(out, name, known, endings).write();
    written = found;
  }
}

async function endingsIn(out: string, known: readonly KnownRun[]): Promise<Map<string, Ending>> {
  const endings = await finishedIn(out, known);
  for (const { name, key } of known) {
    const failure = endings.has(key) ? undefined : await failureIn(join(runsIn(out), `${name}.log`));
    if (failure !== undefined) endings.set(key, { failure });
  }
  return endings;
}

/** Why the last job that wrote to a log failed; undefined where it goes on, or was stopped and may. */
async function failureIn(log: string): Promise<string | undefined> {
  const text = await readFile(log, "utf8").catch(() => "");
  const jobs = text.split(new RegExp(`^${ENDED} (\\d+)\n`, "m"));
  if (jobs.length === 1 || jobs.at(-1) !== "") return undefined;
  const [said, code] = jobs.slice(-3);
  if (STOPPED_CODES.has(Number(code))) return undefined;
  return code === "0" ? "It ended without a summary." : reasonIn(said!, `exit code ${code!}`).split("\n")[0]!;
}

await updateTable(process.argv[2]!);

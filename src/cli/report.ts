import type { Command } from "commander";
import { readRecord, recordIn } from "../job/recorded.js";
import { namesOf, type RecordedRun } from "../job/run-names.js";
import { pathError } from "../paths.js";
import { comparison, markdownTable } from "../report/comparison.js";
import { curvesSvg } from "../report/curves.js";
import { formatCount } from "../report/format.js";
import { readMetrics, type EpochMetrics } from "../report/metrics.js";
import { nameOfData } from "../run/data-of-run.js";
import { writeWhole } from "../run/folder/files.js";
import { drawnTable, printableLine } from "../terminal.js";

/** `apts report RUN…`: curves and a table of finished or running runs; runs that differ in the seed alone become a mean and a band. */
export function reportCommand(program: Command): void {
  program
    .command("report")
    .description("draw the curves of one or many runs in one picture, and tabulate their accuracies")
    .argument(
      "<run...>",
      "run folders; NAME=FOLDER gives a name; runs that differ in nothing but the seed are averaged",
    )
    .option("--out <FILE>", "the picture", "curves.svg")
    .option("--markdown", "print the tables in Markdown", false)
    .action(async (folders: string[], { out, markdown }: { out: string; markdown: boolean }) => {
      const read = await Promise.all(folders.map(readRun));
      const names = namesOf(read);
      const runs = read.map(({ metrics }, index) => ({ name: names[index]!, metrics }));
      await writeWhole(out, curvesSvg(runs, titleOf(read))).catch((error: unknown) => {
        throw pathError(`to write the picture ${out}`, error);
      });
      for (const by of ["epochs", "gradients"] as const) {
        const [head, ...rows] = comparison(runs, by).map((row) => row.map(printableLine));
        console.log(markdown ? `${markdownTable([head!, ...rows])}\n` : drawnTable(rows, { head: head! }));
      }
      console.log(`curves in ${printableLine(out)}`);
    });
}

/** The data sets of the runs, and their networks' sizes. */
function titleOf(runs: readonly RecordedRun[]): string {
  const named = (values: readonly string[]): string => [...new Set(values)].join(", ");
  const sizes = named(runs.map(({ record }) => formatCount(record.parameters)));
  return `Training on ${named(runs.map(({ record }) => nameOfData(record.options.data)))}, ${sizes} parameters`;
}

interface ReadRun extends RecordedRun {
  readonly metrics: readonly EpochMetrics[];
}

async function readRun(argument: string): Promise<ReadRun> {
  const [, label, folder] = /^(?:(.*)=)?([^=]*)$/.exec(argument)!;
  return { label, metrics: await readMetrics(folder!), record: readRecord(recordIn(folder!)) };
}

import Table from "cli-table3";
import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { curvesSvg } from "../report/curves.js";
import { readMetrics } from "../report/metrics.js";
import { comparison, markdownTable } from "../report/comparison.js";
import { writeWhole } from "../run/files.js";

/** `apts report RUN…`: curves and a table of finished or running runs; runs of one name become a mean and a band. */
export function reportCommand(program: Command): void {
  program
    .command("report")
    .description("draw the curves of one or many runs in one picture, and tabulate their accuracies")
    .argument("<run...>", "run folders; NAME=FOLDER gives a name, and folders of one name are averaged")
    .option("--out <FILE>", "the picture", "curves.svg")
    .option("--markdown", "print the tables in Markdown", false)
    .action(async (folders: string[], { out, markdown }: { out: string; markdown: boolean }) => {
      const runs = await Promise.all(folders.map(readRun));
      await writeWhole(out, curvesSvg(runs));
      for (const by of ["epochs", "gradients"] as const) {
        const rows = comparison(runs, by);
        console.log(markdown ? `${markdownTable(rows)}\n` : drawn(rows));
      }
      console.log(`curves in ${out}`);
    });
}

function drawn([head, ...rows]: string[][]): string {
  const table = new Table({ head: head!, style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}

async function readRun(argument: string) {
  const [, name, folder] = /^(?:(.*)=)?([^=]*)$/.exec(argument)!;
  return { name: name ?? (await methodOf(folder!)), metrics: await readMetrics(folder!) };
}

async function methodOf(folder: string): Promise<string> {
  const path = join(folder, "config.json");
  try {
    const { options } = JSON.parse(await readFile(path, "utf8")) as { options: { method: string } };
    return options.method;
  } catch (error) {
    throw new UsageError(`Expected a run folder, but ${path}: ${(error as Error).message}`, { cause: error });
  }
}

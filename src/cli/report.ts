import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { curvesSvg } from "../report/curves.js";
import { readMetrics } from "../report/metrics.js";
import { comparisonTable } from "../report/comparison.js";
import { writeWhole } from "../run/files.js";

/** `apts report RUN…`: curves and a table of finished or running runs; runs of one name become a mean and a band. */
export function reportCommand(program: Command): void {
  program
    .command("report")
    .description("draw the curves of one or many runs in one picture, and tabulate their accuracies")
    .argument("<run...>", "run folders; NAME=FOLDER gives a name, and folders of one name are averaged")
    .option("--out <FILE>", "the picture", "curves.svg")
    .action(async (folders: string[], { out }: { out: string }) => {
      const runs = await Promise.all(folders.map(readRun));
      await writeWhole(out, curvesSvg(runs));
      console.log(comparisonTable(runs));
      console.log(`curves in ${out}`);
    });
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

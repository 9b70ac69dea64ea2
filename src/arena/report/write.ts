import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeWhole } from "../../run/folder/files.js";
import { drawnTable } from "../../terminal.js";
import { algoPerfFiles } from "./algoperf.js";
import { UNITS, type Compared } from "./compared.js";
import { comparedCurves } from "./curves.js";
import { resultsCsv, timesCsv } from "./data.js";
import { comparisonMarkdown } from "./markdown.js";
import { outcomesOf } from "./outcomes.js";
import { profilesPicture } from "./profile-picture.js";
import { timesTable } from "./tables.js";

/** Writes tables, pictures and data of a comparison into `folder`, which is there; the table to print. */
export async function writeComparison(folder: string, compared: Compared): Promise<string> {
  const outcomes = outcomesOf(compared);
  const files = {
    "comparison.md": comparisonMarkdown(compared, outcomes),
    "results.csv": resultsCsv(compared),
    "times.csv": timesCsv(compared, outcomes),
    "profiles.svg": profilesPicture(compared, outcomes),
    ...Object.fromEntries(
      UNITS.map((unit) => [`curves-${unit}.svg`, comparedCurves(unit, compared, outcomes)]),
    ),
  };
  for (const [name, text] of Object.entries(files)) await writeWhole(join(folder, name), text);
  const algoPerf = join(folder, "algoperf");
  await rm(algoPerf, { recursive: true, force: true }); // whose trials would count that are none any more
  for (const [name, text] of Object.entries(algoPerfFiles(compared))) {
    const path = join(algoPerf, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const [head, ...rows] = timesTable("seconds", UNITS, compared, outcomes);
  return drawnTable(
    rows.map((row) => [...row]),
    { head: [...head!] },
  );
}

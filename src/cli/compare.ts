import type { Command } from "commander";
import { basename, extname, join } from "node:path";
import { runTrials } from "../arena/compare.js";
import { comparedOf } from "../arena/compared.js";
import { readArena } from "../arena/file.js";
import { planTrials } from "../arena/plan.js";
import { writeComparison } from "../arena/report/write.js";
import { unmeasured } from "../arena/target.js";
import { addOptions } from "../config/commander.js";
import { integer, text, type OptionTable } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { STOPPED } from "../rank/stop-signals.js";
import { formatPlural } from "../report/format.js";
import { writeWhole } from "../run/folder/files.js";
import { printableLine } from "../terminal.js";
import { progressOn, takeSignals } from "./many-runs.js";

const options = {
  out: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "folder of what comes out; trials that are finished there are not run again (default: runs/NAME of the file)",
  }),
  jobs: integer({
    min: 1,
    max: 4096,
    fallback: undefined,
    help: "trials at a time (default: as many as have cores of their own)",
  }),
} satisfies OptionTable;

/** `apts compare arena.yaml`: methods × workloads × seeds. */
export function compareCommand(program: Command): void {
  const command = program
    .command("compare")
    .description("run methods on workloads with several seeds, and compare what they reach in what time")
    .argument("<file>", "YAML or JSON file that says which (docs/arena.md)");
  addOptions(command, options).action(async (file: string, values: Record<string, unknown>) => {
    process.exitCode = await compare(file, values);
  });
}

async function compare(file: string, values: Record<string, unknown>): Promise<number> {
  const { out = join("runs", basename(file, extname(file))), jobs } = resolveOptions(options, [
    { source: { kind: "command line" }, values },
  ]);
  const arena = readArena(file);
  const planned = await planTrials(arena);
  const stops = takeSignals();
  const show = progressOn(process.stderr, "trial");
  const trials = await runTrials(planned, { out, jobs, stops, observe: show.observe });
  show.end();
  if (!trials) {
    console.error(`apts compare ${printableLine(file)} goes on from here.`);
    return STOPPED[stops.by() ?? "SIGTERM"];
  }
  await writeWhole(join(out, "trials.json"), `${JSON.stringify(trials, null, 1)}\n`);
  const faults = unmeasured(arena.workloads, trials);
  for (const fault of faults) console.error(`apts: ${printableLine(fault)}`);
  console.log(await writeComparison(out, comparedOf(arena, planned, trials)));
  const failed = trials.filter(({ failure }) => failure !== undefined).length;
  if (failed > 0)
    console.log(`${formatPlural(failed, "trial")} failed: ${printableLine(join(out, "trials"))} says why.`);
  return faults.length > 0 || failed === trials.length ? 1 : 0;
}

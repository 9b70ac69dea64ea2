import type { Command } from "commander";
import { join } from "node:path";
import { kebab, type ValuesOf } from "../config/option.js";
import { resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { usableCores } from "../host/cores.js";
import { readOptionsFile } from "../job/recorded.js";
import { OneAtATime } from "../job/side-by-side/one-at-a-time.js";
import { pinnedTrain } from "../job/side-by-side/pinned-train.js";
import type { MethodDescription } from "../methods/description.js";
import { fromVariables } from "../rank/environment.js";
import { STOPPED } from "../rank/stop-signals.js";
import { formatPlural } from "../report/format.js";
import { writeWhole } from "../run/folder/files.js";
import type { RunParts } from "../report/parts.js";
import { measuredIn } from "../scale/measure.js";
import { placeOptions, ranksOf, refuseOurs, scaleOptions } from "../scale/options.js";
import { probeLine, type AnyProbe } from "../scale/model/launch-probes.js";
import { endSentence, predictionTable } from "../scale/model/tables.js";
import { planStudy, type StudiedRun, type Study } from "../scale/plan.js";
import { pointsOf, shortRunNote, type Point } from "../scale/points.js";
import { scalePicture } from "../scale/picture.js";
import { checkStages } from "../scale/stages.js";
import {
  checkPredictable,
  extrapolated,
  predictionsOf,
  probesOf,
  type Rounds,
} from "../scale/predictions.js";
import { predictedTableOf, scaleCsv, scaleMarkdown, tableOf } from "../scale/tables.js";
import type { PlannedRun } from "../sweep/plan.js";
import { runSweep } from "../sweep/run.js";
import { drawnTable, printableLine } from "../terminal.js";
import { progressOn, takeSignals } from "./many-runs.js";
import { methodOnCommandLine } from "./method-named.js";
import { addTrainOptions, trainOptionsWith } from "./train-help.js";

/** `apts scale`: strong and weak scaling of a run. */
export async function scaleCommand(program: Command): Promise<void> {
  const method = await methodOnCommandLine();
  const command = program
    .command("scale")
    .description(
      "measure a run on several numbers of ranks: speed-up, efficiency, and where a step's time goes",
    )
    .option("--config <FILE>", "YAML or JSON file with options of the run; the command line wins");
  addTrainOptions(command, method, { ...trainOptionsWith(method), ...placeOptions, ...scaleOptions }).action(
    async (options: Record<string, unknown>) => {
      process.exitCode = await scale(options, method);
    },
  );
}

async function scale(
  { config: file, ...values }: Record<string, unknown>,
  method: MethodDescription,
): Promise<number> {
  const commandLine: Given = { source: { kind: "command line" }, values };
  const sources =
    file === undefined ? [commandLine] : [commandLine, readOptionsFile(file as string, [commandLine])];
  const { inTable: own, others } = splitSources(sources, scaleOptions);
  const { inTable: where, others: run } = splitSources(others, placeOptions);
  refuseOurs(run);
  const { ranks: given, out = join("runs", "scale"), ...asked } = resolveOptions(scaleOptions, own);
  const study = { ...asked, ranks: ranksOf(given) };
  const placement = resolveOptions(placeOptions, where);
  const place = argumentsOf(placement);
  const { predict, network } = asked;
  const isPredicted = predict || network !== undefined;
  const planned = await planStudy(study, run, method);
  if (isPredicted) checkPredictable(study.ranks, network, planned[0]!.config);
  if (fromVariables(process.env)) return probeHere(planned);
  await checkStages(planned);
  if (place.length === 0) warnOfFewCores(planned);
  const stops = takeSignals();
  const show = progressOn(process.stderr, "run");
  const start = await pinnedTrain([]); // each binds its ranks itself, as it would alone
  const way = {
    places: new OneAtATime(),
    start: (args: readonly string[]) => start([...args, ...place], undefined),
  };
  const { sharedMemory, insecure } = planned[0]!.config;
  const rounds: (readonly AnyProbe[])[] = [];
  const probeAll = async (): Promise<void> => {
    rounds.push(await probesOf(study.ranks, { ...placement, sharedMemory, insecure }));
  };
  const isLastOfRepeat = ({ varied }: PlannedRun) => varied["ranks"] === study.ranks.at(-1);
  const after = async (run: PlannedRun): Promise<void> => {
    if (isPredicted && isLastOfRepeat(run)) await probeAll();
  };
  const endings = await runSweep(planned, { name: "scale", out, way, stops, observe: show.observe, after });
  show.end();
  if (!endings) {
    console.error("The same command goes on from here.");
    return STOPPED[stops.by() ?? "SIGTERM"];
  }
  const measured = await measuredIn(out, planned, endings);
  if (isPredicted && measured.size > 0 && rounds.length === 0) await probeAll(); // all runs were there
  await writeResults(out, study, planned, measured, rounds);
  const failed = [...endings.values()].filter((ending) => "failure" in ending).length;
  if (failed === 0) return 0;
  console.error(
    `apts: ${formatPlural(failed, "run")} of ${planned.length} failed: ${printableLine(join(out, "runs.csv"))} says why. The same command runs them again.`,
  );
  return 1;
}

/** What each run is told beside its own options. */
function argumentsOf(place: ValuesOf<typeof placeOptions>): string[] {
  return Object.entries(place).flatMap(([name, value]) => {
    if (value === placeOptions[name as keyof typeof place].fallback) return [];
    return value === false ? [`--no-${kebab(name)}`] : [`--${kebab(name)}`, String(value)];
  });
}

/** Ranks that share cores compute one after the other, whatever else scales. */
function warnOfFewCores(planned: readonly StudiedRun[]): void {
  const most = Math.max(...planned.map(({ config: { ranks, threads = 1 } }) => ranks * threads));
  const cores = usableCores();
  if (most <= cores) return;
  console.error(
    `Up to ${most} threads share ${formatPlural(cores, "core")} here: beyond that computing does not get faster.`,
  );
}

async function writeResults(
  out: string,
  { mode, steps, network }: Study & { readonly network?: string | undefined },
  planned: readonly StudiedRun[],
  measured: ReadonlyMap<number, readonly RunParts[]>,
  rounds: Rounds,
): Promise<void> {
  if (measured.size === 0) return;
  const predictions = rounds.length > 0 ? predictionsOf(rounds, measured) : undefined;
  const points: readonly Point[] = pointsOf(mode, measured);
  const { methodName, data } = planned[0]!.config;
  const title = `${mode === "strong" ? "Strong" : "Weak"} scaling of ${methodName} on ${data}`;
  const notes = [
    `Medians of ${formatPlural(points[0]!.repeats, "run")} of ${formatPlural(steps, "step")}; parts are means over the ranks of the run in the middle.`,
  ];
  const short = shortRunNote(points, steps);
  if (short !== undefined) notes.push(short);
  await writeWhole(join(out, "scale.csv"), scaleCsv(mode, points, predictions));
  await writeWhole(join(out, "scale.svg"), scalePicture(points, title));
  await writeWhole(join(out, "scale.md"), scaleMarkdown(points, title, notes, predictions));
  console.log(printableLine(title));
  show(tableOf(points));
  if (predictions) show(predictedTableOf(points, predictions));
  if (predictions && network !== undefined) {
    const { network: stated, predictions: far, note } = extrapolated(rounds, measured, network);
    show(predictionTable(far));
    if (note !== undefined) console.log(note);
    console.log(printableLine(endSentence(stated, far)));
  }
  if (short !== undefined) console.log(short);
  console.log(`report in ${printableLine(join(out, "scale.md"))}`);
}

function show([head, ...rows]: string[][]): void {
  console.log(drawnTable(rows, { head: head! }));
}

/** As a rank that this very command has started: probes, and tells. */
async function probeHere(planned: readonly StudiedRun[]): Promise<number> {
  const { init } = await import("../comm/index.js");
  const { probe } = await import("../scale/model/probe.js");
  const { probeStages } = await import("../scale/model/stages/probe.js");
  const comm = await init();
  const { config } = planned.find(({ varied }) => varied.ranks === comm.size)!;
  const found = await (config.stages > 1 ? probeStages : probe)(config, comm, config.threads ?? 1);
  if (comm.rank === 0) console.log(probeLine(found));
  await comm.close();
  return 0;
}

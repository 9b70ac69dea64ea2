import { UsageError } from "../errors.js";
import { middleBy } from "../averages.js";
import type { RunParts } from "../report/parts.js";
import type { TrainConfig } from "../run/options/config.js";
import { forecast, iterationOf, type Counted } from "./model/forecast.js";
import { probeOn, type AnyProbe, type ProbePlace } from "./model/launch-probes.js";
import type { Network } from "./model/links.js";
import { networkNamed } from "./model/network-file.js";
import { withSoftware } from "./model/networks.js";
import { predict, RANKS, type Prediction } from "./model/predict.js";
import type { Probe } from "./model/probe.js";
import { extrapolatedInStages, forecastInStages } from "./model/stages/forecast.js";
import type { StagedProbe } from "./model/stages/probe.js";

/** Runs of each number of ranks, the fewest first. */
export type Measured = ReadonlyMap<number, readonly RunParts[]>;

/**
 * @param config of the run on the fewest ranks
 * @throws UsageError where the model has nothing to begin with
 */
export function checkPredictable(
  ranks: readonly number[],
  network: string | undefined,
  { stages, methodName, methodOptions }: Pick<TrainConfig, "stages" | "methodName" | "methodOptions">,
): void {
  if (network !== undefined) networkNamed(network);
  if (methodOptions["localBatch"] === 0)
    throw new UsageError(
      `Expected walks through mini-batches, since the model does not know ${methodName} with --local-batch 0. Leave --predict and --network out.`,
    );
  if (stages > 1 || ranks.includes(1)) return;
  throw new UsageError(
    `Expected 1 among --ranks, got ${ranks.join(",")}: predictions begin with what one rank computes. Give --ranks 1,${ranks.join(",")}.`,
  );
}

const isStaged = (probe: AnyProbe): probe is StagedProbe => "staged" in probe;
const isWhole = (probe: AnyProbe): probe is Probe => !isStaged(probe);

/** Probes each number of ranks, one after the other. */
export async function probesOf(ranks: readonly number[], place: ProbePlace): Promise<AnyProbe[]> {
  const probes: AnyProbe[] = [];
  for (const count of ranks) probes.push(await probeOn(count, place));
  return probes;
}

/** The probes of each number of ranks, taken as often as there were repeats: what else went on met runs and probes alike. */
export type Rounds = readonly (readonly AnyProbe[])[];

/** What the model says of the numbers of ranks that were probed and measured: of each the middle of the rounds. */
export function predictionsOf(rounds: Rounds, measured: Measured): ReadonlyMap<number, Prediction> {
  const said = rounds.map((probes) => {
    const [whole, staged] = [probes.filter(isWhole), probes.filter(isStaged)];
    return new Map([
      ...(whole.length > 0 ? forecast(whole, (ranks) => countedIn(measured.get(ranks))) : []),
      ...forecastInStages(staged, countedInStages(measured)),
    ]);
  });
  const secondsOf = ({ seconds }: Prediction): number => seconds;
  const middle = (ranks: number): Prediction =>
    middleBy(
      said.map((one) => one.get(ranks)!),
      secondsOf,
    )!;
  return new Map([...said[0]!.keys()].map((ranks) => [ranks, middle(ranks)]));
}

export interface Extrapolation {
  readonly network: Network;
  readonly predictions: readonly Prediction[];
  /** What else is to be said of them. */
  readonly note?: string | undefined;
}

/** What the model says of up to 4096 ranks on another network, each rank on a core of its own, with this machine's computing. */
export function extrapolated(rounds: Rounds, measured: Measured, given: string): Extrapolation {
  const probes = middleBy(rounds, ([first]) => (isStaged(first!) ? first.seconds : first!.step.seconds))!;
  const last = probes.at(-1)!;
  const named = networkNamed(given);
  const network = last.ranks > 1 ? withSoftware(named, last.network.links.host) : named;
  const alone = probes.find(isWhole);
  const whole = (ranks: number): Prediction =>
    predict(iterationOf(alone!, alone!, countedIn(measured.get(last.ranks))), network, ranks);
  if (!isStaged(last)) return { network, predictions: RANKS.map(whole) };
  const inStages = probes.filter(isStaged);
  const isCutByRanks = inStages.length < probes.length || stagesOf(inStages[0]!) < stagesOf(last);
  const staged = extrapolatedInStages(inStages, countedInStages(measured), network, isCutByRanks);
  return { network, ...staged, predictions: [...(alone ? [whole(1)] : []), ...staged.predictions] };
}

function stagesOf({ staged }: StagedProbe): number {
  return staged.stages.length;
}

/** A run on so many ranks, where one came to its end. */
function countedInStages(measured: Measured): (ranks: number) => RunParts | undefined {
  return (ranks) => measured.get(ranks)?.[0];
}

/** What rank 0 called, a step: decisions are objects that it broadcasts, agreements the only all-reduces. */
function countedIn(runs: readonly RunParts[] = []): Counted {
  const [run] = runs;
  const calls = run?.ranks[0]?.calls ?? {};
  const perStep = (name: string): number => (calls[name]?.calls ?? 0) / (run?.steps ?? 1);
  return {
    decisions: perStep("broadcastObject"),
    agreements: perStep("allreduce"),
    sums: perStep("broadcast"),
  };
}

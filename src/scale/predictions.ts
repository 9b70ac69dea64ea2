import { UsageError } from "../errors.js";
import { middleBy } from "../median.js";
import type { RunParts } from "../report/parts.js";
import type { TrainConfig } from "../run/options/config.js";
import { forecast, iterationOf, type Counted } from "./model/forecast.js";
import { probeOn, type ProbePlace } from "./model/launch-probes.js";
import type { Network } from "./model/links.js";
import { networkNamed } from "./model/network-file.js";
import { withSoftware } from "./model/networks.js";
import { predict, RANKS, type Prediction } from "./model/predict.js";
import type { Probe } from "./model/probe.js";

/** Runs of each number of ranks, the fewest first. */
export type Measured = ReadonlyMap<number, readonly RunParts[]>;

/** @throws UsageError where the model has nothing to begin with */
export function checkPredictable(
  ranks: readonly number[],
  network: string | undefined,
  { stages, methodName, methodOptions }: Pick<TrainConfig, "stages" | "methodName" | "methodOptions">,
): void {
  if (network !== undefined) networkNamed(network);
  if (stages !== 1)
    throw new UsageError(
      "Expected a network that every rank holds, since the model does not know pipelines of stages yet. Leave --predict and --network out.",
    );
  if (methodOptions["localBatch"] === 0)
    throw new UsageError(
      `Expected walks through mini-batches, since the model does not know ${methodName} with --local-batch 0. Leave --predict and --network out.`,
    );
  if (ranks.includes(1)) return;
  throw new UsageError(
    `Expected 1 among --ranks, got ${ranks.join(",")}: predictions begin with what one rank computes. Give --ranks 1,${ranks.join(",")}.`,
  );
}

/** Probes each number of ranks, one after the other. */
export async function probesOf(ranks: readonly number[], place: ProbePlace): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (const count of ranks) probes.push(await probeOn(count, place));
  return probes;
}

/** The probes of each number of ranks, taken as often as there were repeats: what else went on met runs and probes alike. */
export type Rounds = readonly (readonly Probe[])[];

/** What the model says of the numbers of ranks that were probed and measured: of each the middle of the rounds. */
export function predictionsOf(rounds: Rounds, measured: Measured): ReadonlyMap<number, Prediction> {
  const said = rounds.map((probes) => forecast(probes, (ranks) => countedIn(measured.get(ranks))));
  const secondsOf = ({ seconds }: Prediction): number => seconds;
  const middle = (ranks: number): Prediction =>
    middleBy(
      said.map((one) => one.get(ranks)!),
      secondsOf,
    )!;
  return new Map([...said[0]!.keys()].map((ranks) => [ranks, middle(ranks)]));
}

/** What the model says of up to 4096 ranks on another network, each rank on a core of its own, with this machine's computing. */
export function extrapolated(
  rounds: Rounds,
  measured: Measured,
  given: string,
): { readonly network: Network; readonly predictions: readonly Prediction[] } {
  const probes = middleBy(rounds, ([alone]) => alone!.step.seconds)!;
  const [alone] = probes;
  const last = probes.at(-1)!;
  const named = networkNamed(given);
  const network = last.ranks > 1 ? withSoftware(named, last.network.links.host) : named;
  const iteration = iterationOf(alone!, alone!, countedIn(measured.get(last.ranks)));
  return { network, predictions: RANKS.map((ranks) => predict(iteration, network, ranks)) };
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

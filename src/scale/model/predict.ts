import type { Placement } from "../../comm/collectives/cost.js";
import { busiest, costOf, type Call, type Iteration, type Part } from "./iteration.js";
import { spanOf, totalOf, type Network, type Span } from "./links.js";
import { costOfPass } from "./stages/cost.js";

/** What one iteration takes on so many ranks. */
export interface Prediction {
  readonly ranks: number;
  readonly seconds: number;
  /** Of it, the busiest rank's computing. */
  readonly compute: number;
  readonly moving: number;
  /** Seconds by what they are spent on, but for work that more ranks would share. */
  readonly terms: Readonly<Record<string, number>>;
  /** The largest of these: what keeps more ranks from being as much faster. */
  readonly bound: string;
}

/** Ranks to predict for: powers of two. */
export const RANKS: readonly number[] = Array.from({ length: 13 }, (_, k) => 2 ** k);

/**
 * @param slowdown how much longer computing takes where 1, 2, … ranks of a host compute at once, as measured; the last holds
 *   for more of them
 */
export function predict(
  iteration: Iteration,
  network: Network,
  ranks: number,
  slowdown: readonly number[] = [1],
): Prediction {
  const place: Placement = { ranks, perHost: network.ranksPerHost, memory: network.memory };
  const sharers = network.coreSharers ?? network.ranksPerHost;
  const terms: Record<string, number> = {};
  const spend = (what: string, seconds: number): number => {
    if (seconds > 0) terms[what] = (terms[what] ?? 0) + seconds;
    return seconds;
  };
  const atOnce = (busy: number) => slowdownOf(slowdown, Math.min(busy, sharers, ranks));
  let [compute, moving] = [0, 0];
  for (const part of iteration) {
    const { name, times, among, pass } = part;
    const spendAll: Spend = (what, seconds) => spend(what, times * seconds);
    compute += times * computed(part, ranks, atOnce, spendAll);
    moving += times * moved(part, { ...place, ranks: among ?? ranks }, network, spendAll);
    if (!pass) continue;
    const passed = costOfPass(name, pass, { network, ranks, pace: atOnce }, spendAll);
    compute += times * passed.compute;
    moving += times * passed.moving;
  }
  const [bound] = Object.entries(terms).reduce((a, b) => (b[1] > a[1] ? b : a), ["nothing", 0]);
  return { ranks, seconds: compute + moving, compute, moving, terms, bound };
}

/** Where so many ranks of a host compute at once. */
export function slowdownOf(slowdown: readonly number[], busy: number): number {
  return slowdown[busy - 1] ?? slowdown.at(-1)!;
}

type Spend = (what: string, seconds: number) => void;

/** Seconds of the busiest rank. @param atOnce how much longer computing takes where so many ranks do */
function computed(
  { name, work, alike = 0, paused = 0 }: Part,
  ranks: number,
  atOnce: (busy: number) => number,
  spend: Spend,
): number {
  const own = alike * atOnce(ranks);
  spend(`what every rank computes alike (${name})`, own);
  spend("pauses of single ranks", paused);
  if (!work) return own + paused;
  const most = busiest(work, ranks);
  const share = (work.pieces * work.seconds) / ranks;
  const slowdown = atOnce(work.pieces);
  spend(`too few pieces of work: ${work.pieces} (${name})`, (most - share) * slowdown);
  return own + paused + most * slowdown;
}

function moved({ name, call }: Part, place: Placement, network: Network, spend: Spend): number {
  if (!call || place.ranks === 1) return 0;
  const span = (of: Call): Span => spanOf(costOf(of, place), network);
  const whole = span(call);
  const plain = call.kind === "sum" && call.decision !== undefined ? span(withoutDecision(call)) : whole;
  const what = `of the ${call.kind} (${name})`;
  spend(`latency ${what}`, plain.latency);
  spend(`bandwidth ${what}`, plain.bandwidth);
  spend(`the decision of rank 0 (${name})`, totalOf(whole) - totalOf(plain));
  return totalOf(whole);
}

function withoutDecision({ kind, chunks, bytes }: Call & { kind: "sum" }): Call {
  return { kind, chunks, bytes };
}

/** The number of ranks beyond which an iteration becomes no shorter by a twentieth, and why. */
export function endOfScaling(predictions: readonly Prediction[]): {
  readonly ranks: number;
  readonly bound: string;
} {
  const WORTH = 0.95;
  const at = predictions.findIndex(
    (here, i) => !predictions.slice(i + 1).some((more) => more.seconds < WORTH * here.seconds),
  );
  const { ranks, bound } = predictions[at]!;
  return { ranks, bound };
}

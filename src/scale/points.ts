import { middleBy, sumOf } from "../averages.js";
import { formatSeconds } from "../report/format.js";
import type { RankParts, RunParts } from "../report/parts.js";
import { spreadOf } from "../report/spread.js";
import type { Mode } from "./options.js";

/** The parts of a step. */
export const PARTS = ["computing", "waiting", "moving", "deciding"] as const;
export type Part = (typeof PARTS)[number];

/** What ranks sent in calls of one kind, a step, all of them together. */
export interface Sent {
  readonly bytes: number;
  readonly messages: number;
}

/** What was measured on one number of ranks; seconds are those of a step. */
export interface Point {
  readonly ranks: number;
  readonly repeats: number;
  /** The median of the repeats, and their quartiles. */
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  /** Work per second over that on the fewest ranks, whose number counts for itself. */
  readonly speedUp: number;
  /** Speed-up over ranks. */
  readonly efficiency: number;
  /** Of the repeat in the middle, of two the quicker; means over its ranks. */
  readonly parts: Readonly<Record<Part, number>>;
  readonly calls: Readonly<Record<string, Sent>>;
}

/** @param runs the repeats of each number of ranks, at least one each */
export function pointsOf(mode: Mode, runs: ReadonlyMap<number, readonly RunParts[]>): Point[] {
  const measured = [...runs]
    .sort(([a], [b]) => a - b)
    .map(([ranks, repeats]) => {
      const spread = spreadOf(repeats.map(secondsOf), "quartiles");
      return { ranks, repeats, spread };
    });
  const first = measured[0];
  return measured.map(({ ranks, repeats, spread: { middle, low, high } }) => {
    const faster = first!.spread.middle / middle;
    const work = mode === "weak" ? ranks / first!.ranks : 1;
    const speedUp = first!.ranks * faster * work;
    const typical = middleBy(repeats, secondsOf)!;
    return {
      ranks,
      repeats: repeats.length,
      seconds: middle,
      low,
      high,
      speedUp,
      efficiency: speedUp / ranks,
      parts: Object.fromEntries(PARTS.map((part) => [part, meanOf(typical, part)])) as Record<Part, number>,
      calls: callsOf(typical),
    };
  });
}

/** Seconds of a run in which its code is compiled, for the most part. */
const COMPILING = 1;

/** What is to be said where the steps in front of those measured were over before code was compiled. */
export function shortRunNote(points: readonly Point[], steps: number): string | undefined {
  const quickest = Math.min(...points.map(({ seconds }) => seconds));
  if (quickest * steps >= COMPILING) return undefined;
  const wanted = (2 * COMPILING) / quickest;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const enough = [1, 2, 5, 10].map((factor) => factor * power).find((rounded) => rounded >= wanted)!;
  return (
    `As many steps as were measured were over after ${formatSeconds(quickest * steps)}, when code was being compiled yet: ` +
    `later steps of a run are faster. Give --steps ${enough} to measure those.`
  );
}

function secondsOf(run: RunParts): number {
  return meanOf(run, "seconds");
}

/** A step's, mean over the ranks. */
function meanOf({ steps, ranks }: RunParts, of: Part | "seconds"): number {
  return sumOf(ranks.map((rank) => rank[of])) / ranks.length / steps;
}

function callsOf({ steps, ranks }: RunParts): Record<string, Sent> {
  const names = [...new Set(ranks.flatMap(({ calls }) => Object.keys(calls)))].sort();
  const total = (name: string, of: keyof Sent): number =>
    sumOf(ranks.map(({ calls }: RankParts) => calls[name]?.[of] ?? 0)) / steps;
  return Object.fromEntries(
    names.map((name) => [name, { bytes: total(name, "bytes"), messages: total(name, "messages") }]),
  );
}

import type { ErrorReport } from "../src/errors.js";
import { explainError } from "../src/host/system-errors.js";
import { STOPPED } from "../src/rank/stop-signals.js";
import { whyEnded, whyKilled } from "./endings.js";
import type { Placement } from "./placement.js";
import type { StopSignal } from "./stop-requests.js";

/** How a rank's process came to its end, or to none; `reason`: why, where its host knows. */
export type Ending =
  | {
      readonly kind: "exit";
      readonly code: number;
      readonly asked: boolean;
      readonly reason?: string | undefined;
    }
  | {
      readonly kind: "signal";
      readonly signal: NodeJS.Signals;
      readonly asked: boolean;
      readonly reason?: string | undefined;
    }
  | { readonly kind: "notStarted"; readonly message: string }
  | { readonly kind: "lost"; readonly message: string };

/** What is known of a rank. */
export interface RankRecord {
  readonly placement: Placement;
  readonly pid?: number | undefined;
  /** The error it reported; of several, the first that is not a consequence. */
  readonly error?: ErrorReport | undefined;
  readonly ending?: Ending | undefined;
  /** The last lines of its standard error. */
  readonly errorOutput: readonly string[];
}

/** The rank that failed first, for the user: `description` is the whole text, `exitCode` what the launcher ends with. */
export interface RankFailure {
  readonly rank: number;
  readonly host: string;
  readonly exitCode: number;
  readonly description: string;
  readonly report?: ErrorReport | undefined;
}

export interface Verdict {
  readonly exitCode: number;
  readonly failure?: RankFailure;
  /** What the failure led to, a line each. */
  readonly consequences: readonly string[];
}

/**
 * - `cause`: a failure of the rank's own;
 * - `consequence`: it only reports that another rank failed;
 * - `none`: it is at work, has done its work, or ended because it was told to (see `STOPPED`).
 */
export function judgeRank({ error, ending }: RankRecord): "cause" | "consequence" | "none" {
  if (error) return error.consequence ? "consequence" : "cause";
  switch (ending?.kind) {
    case undefined:
      return "none";
    case "exit":
      return ending.asked || [0, ...Object.values(STOPPED)].includes(ending.code) ? "none" : "cause";
    case "signal":
      return ending.asked ? "none" : "cause";
    case "notStarted":
    case "lost":
      return "cause";
    default:
      return ending satisfies never;
  }
}

/**
 * The verdict on a job whose ranks have all ended. `failed` lists the ranks that failed in the order in which that
 * became known: the first cause is the failure, whatever consequences were heard of before it.
 */
export function judgeJob(
  records: readonly RankRecord[],
  failed: readonly RankRecord[],
  stoppedBy: StopSignal | undefined,
): Verdict {
  const first = failed.find((record) => judgeRank(record) === "cause") ?? failed[0];
  if (first === undefined) return { exitCode: exitCodeOf(records, stoppedBy), consequences: [] };
  const failure = {
    rank: first.placement.rank,
    host: first.placement.host,
    exitCode: failureCode(first),
    description: describeFailure(first),
    report: first.error,
  };
  // Every rank finds the same fault in what the user asked for: once is enough.
  if (isBadUsage(first)) return { exitCode: failure.exitCode, failure, consequences: [] };
  const others = inOneLineEach(
    failed.filter((record) => record !== first),
    first,
  );
  const stopped = records.filter((record) => !failed.includes(record) && wasStopped(record));
  return { exitCode: failure.exitCode, failure, consequences: [...others, ...stoppedLine(stopped)] };
}

/** The text that tells a user why a job failed: the first cause, then its consequences. */
export function explain({ failure, consequences }: Verdict): string {
  if (!failure) return "";
  return [failure.description, ...consequences.map((line) => `  ${line}`)].join("\n");
}

function exitCodeOf(records: readonly RankRecord[], stoppedBy: StopSignal | undefined): number {
  if (records.every(({ ending }) => ending?.kind === "exit" && ending.code === 0)) return 0;
  if (stoppedBy) return STOPPED[stoppedBy];
  return Math.max(...records.map(({ ending }) => (ending?.kind === "exit" ? ending.code : 0)));
}

/** 2 for bad usage, the program's own code where it chose one, else 1. */
function failureCode({ error, ending }: RankRecord): number {
  return error?.exitCode ?? (ending?.kind === "exit" ? ending.code : 1);
}

/** "Rank 1 (node2, pid 4711)" */
function nameOf({ placement, pid }: RankRecord): string {
  return `Rank ${placement.rank} (${placement.host}${pid === undefined ? "" : `, pid ${pid}`})`;
}

function describeFailure(record: RankRecord): string {
  const { error, errorOutput } = record;
  if (error) {
    return `${nameOf(record)} failed: ${explainError(error)}`;
  }
  const tail =
    errorOutput.length > 0 ? ["Its last error output:", ...errorOutput.map((line) => `  ${line}`)] : [];
  const why = whyItEnded(record);
  return [`${nameOf(record)} ${describeEnding(record)}${why ? ` ${why}` : ""}`, ...tail].join("\n");
}

/** What is known, or else usual, about the end of a rank that failed without a word. */
function whyItEnded({ ending, errorOutput }: RankRecord): string | undefined {
  if (ending?.kind === "exit") return ending.reason ?? whyEnded(ending.code, errorOutput);
  if (ending?.kind === "signal") return ending.reason ?? whyKilled(ending.signal, errorOutput);
  return undefined;
}

function isBadUsage({ error }: RankRecord): boolean {
  return error?.exitCode === 2;
}

/** What happened to each rank in its first line; ranks with the same story share a line. */
function inOneLineEach(records: readonly RankRecord[], first: RankRecord): string[] {
  const names = new Map<string, string[]>();
  for (const record of records) {
    const line = storyOf(record, first).split("\n")[0]!;
    names.set(line, [...(names.get(line) ?? []), nameOf(record)]);
  }
  return [...names].map(([line, ranks]) => `${ranks.join(", ")} ${line}`);
}

function storyOf(record: RankRecord, first: RankRecord): string {
  const { error } = record;
  if (!error) return describeEnding(record);
  const same = error.name === first.error?.name && error.message === first.error.message;
  return same ? "failed with the same error." : `also failed: ${error.name}: ${error.message}`;
}

function describeEnding({ placement, ending }: RankRecord): string {
  switch (ending?.kind) {
    case undefined:
      return "had not ended.";
    case "exit":
      return `ended with exit code ${ending.code}.`;
    case "signal":
      return `was killed by ${ending.signal}.`;
    case "notStarted":
      return `could not be started. ${ending.message}`;
    case "lost":
      return `was lost with its host ${placement.host}: ${ending.message}`;
    default:
      return ending satisfies never;
  }
}

function wasStopped({ ending }: RankRecord): boolean {
  return (ending?.kind === "exit" || ending?.kind === "signal") && ending.asked;
}

function stoppedLine(stopped: readonly RankRecord[]): string[] {
  if (stopped.length === 0) return [];
  const ranks = stopped.map(({ placement }) => placement.rank).join(", ");
  return [stopped.length === 1 ? `Rank ${ranks} was stopped.` : `Ranks ${ranks} were stopped.`];
}

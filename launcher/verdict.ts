import type { ErrorReport } from "../src/errors.js";
import type { FromAgent } from "./agent/protocol.js";
import { explainError } from "../src/host/system-errors.js";
import { STOPPED } from "../src/rank/stop-signals.js";
import { whyEnded } from "./endings.js";
import type { Placement } from "./placement.js";
import type { StopSignal } from "./stop-requests.js";

/** How a rank's process came to its end, or to none. */
export type Ending =
  | Omit<Extract<FromAgent, { type: "ended" }>, "rank">
  | { readonly type: "notStarted" | "lost"; readonly message: string };

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

/** The rank that failed first, for the user: `description` is the whole text. */
export interface RankFailure {
  readonly rank: number;
  readonly host: string;
  /** 2 for bad usage, the program's own code where it chose one, else 1. */
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

/** Exit codes of a rank that has done its work, or what it was told. */
const DONE: readonly (number | null)[] = [0, ...Object.values(STOPPED)];

/**
 * - `cause`: a failure of the rank's own;
 * - `consequence`: it only reports that another rank failed;
 * - `none`: it is at work, has done its work, or ended because it was told to (see `STOPPED`).
 */
export function judgeRank({ error, ending }: RankRecord): "cause" | "consequence" | "none" {
  if (error) return error.consequence ? "consequence" : "cause";
  if (!ending) return "none";
  return ending.type === "ended" && (ending.asked || DONE.includes(ending.code)) ? "none" : "cause";
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
  if (first === undefined) return { exitCode: codeOfAll(records, stoppedBy), consequences: [] };
  const failure = {
    rank: first.placement.rank,
    host: first.placement.host,
    exitCode: first.error?.exitCode ?? codeOf(first) ?? 1,
    description: describeFailure(first),
    report: first.error,
  };
  // Every rank finds the same fault in what the user asked for: once is enough.
  if (first.error?.exitCode === 2) return { exitCode: failure.exitCode, failure, consequences: [] };
  const others = inOneLineEach(
    failed.filter((record) => record !== first),
    first,
  );
  const stopped = records.filter(
    (record) => !failed.includes(record) && record.ending?.type === "ended" && record.ending.asked,
  );
  return { exitCode: failure.exitCode, failure, consequences: [...others, ...stoppedLine(stopped)] };
}

/** The text that tells a user why a job failed: the first cause, then its consequences. */
export function explain({ failure, consequences }: Verdict): string {
  if (!failure) return "";
  return [failure.description, ...consequences.map((line) => `  ${line}`)].join("\n");
}

function codeOfAll(records: readonly RankRecord[], stoppedBy: StopSignal | undefined): number {
  const codes = records.map(codeOf);
  if (codes.every((code) => code === 0)) return 0;
  return stoppedBy ? STOPPED[stoppedBy] : Math.max(...codes.map((code) => code ?? 0));
}

/** The code that a rank ended with; null: none. */
function codeOf({ ending }: RankRecord): number | null {
  return ending?.type === "ended" ? ending.code : null;
}

/** "Rank 1 (node2, pid 4711)" */
function nameOf({ placement, pid }: RankRecord): string {
  return `Rank ${placement.rank} (${placement.host}${pid === undefined ? "" : `, pid ${pid}`})`;
}

function describeFailure(record: RankRecord): string {
  const { error, ending, errorOutput } = record;
  if (error) return `${nameOf(record)} failed: ${explainError(error)}`;
  const tail =
    errorOutput.length > 0 ? ["Its last error output:", ...errorOutput.map((line) => `  ${line}`)] : [];
  // What is known, or else usual, about the end of a rank that failed without a word.
  const why = ending?.type === "ended" ? (ending.reason ?? whyEnded(ending, errorOutput)) : undefined;
  return [`${nameOf(record)} ${describeEnding(record)}${why ? ` ${why}` : ""}`, ...tail].join("\n");
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
  switch (ending?.type) {
    case undefined:
      return "had not ended.";
    case "ended":
      return ending.signal ? `was killed by ${ending.signal}.` : `ended with exit code ${ending.code!}.`;
    case "notStarted":
      return `could not be started. ${ending.message}`;
    case "lost":
      return `was lost with its host ${placement.host}: ${ending.message}`;
    default:
      return ending satisfies never;
  }
}

function stoppedLine(stopped: readonly RankRecord[]): string[] {
  if (stopped.length === 0) return [];
  const ranks = stopped.map(({ placement }) => placement.rank).join(", ");
  return [stopped.length === 1 ? `Rank ${ranks} was stopped.` : `Ranks ${ranks} were stopped.`];
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a rank does at a moment. */
export const ACTIVITIES = ["computing", "waiting", "moving", "deciding"] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** One stretch of a rank's time, in microseconds on the clock of rank 0. */
export interface Span {
  readonly activity: Activity;
  /** The call that it is in, if it is in one. */
  readonly call: string | undefined;
  readonly begin: number;
  readonly end: number;
}

export interface TracedStep {
  /** Its number in the run, from 1. */
  readonly step: number;
  readonly spans: readonly Span[];
}

/** What a rank did in some steps, one after another. */
export interface RankTrace {
  readonly rank: number;
  readonly host: string;
  /** Up to how far its clock may be off from that of rank 0, in microseconds. */
  readonly uncertainty: number;
  readonly steps: readonly TracedStep[];
}

export const TRACE_FILE = "trace.json";

/** An event of Chrome's trace format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** `trace.json`: what Perfetto and chrome://tracing read. A process is a host, a thread a rank. */
interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: { readonly clocks: string; readonly uncertaintyMicroseconds: readonly number[] };
}

const STEP = "step";

export function traceFileOf(ranks: readonly RankTrace[]): TraceFile {
  const hosts = [...new Set(ranks.map(({ host }) => host))];
  const named = (name: string, pid: number, tid: number, text: string): TraceEvent => ({
    ...{ name, ph: "M", pid, tid },
    args: { name: text },
  });
  return {
    traceEvents: [
      ...hosts.map((host, pid) => named("process_name", pid, 0, host)),
      ...ranks.flatMap(({ rank, host, steps }) => {
        const place = { pid: hosts.indexOf(host), tid: rank };
        return [
          named("thread_name", place.pid, rank, `rank ${rank}`),
          ...steps.flatMap((step) => eventsOf(step, place)),
        ];
      }),
    ],
    displayTimeUnit: "ms",
    otherData: {
      clocks: "those of all ranks as rank 0's, by the quickest of several questions to it",
      uncertaintyMicroseconds: ranks.map(({ uncertainty }) => uncertainty),
    },
  };
}

function eventsOf({ step, spans }: TracedStep, place: { pid: number; tid: number }): TraceEvent[] {
  const [begin, end] = [spans[0]!.begin, spans.at(-1)!.end];
  const whole = { name: `step ${step}`, ph: "X", cat: STEP, ts: begin, dur: end - begin } as const;
  return [
    { ...whole, ...place, args: { step } },
    ...spans.map(({ activity, call, begin: ts, end: until }): TraceEvent => ({
      name: call === undefined ? activity : `${activity}: ${call}`,
      ...{ ph: "X", cat: activity, ts, dur: until - ts },
      ...place,
      args: { step, ...(call === undefined ? {} : { call }) },
    })),
  ];
}

/** What the ranks of a run did in each step that was traced; undefined where none was. */
export async function readTrace(folder: string): Promise<RankTrace[] | undefined> {
  const text = await readFile(join(folder, TRACE_FILE), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { traceEvents, otherData } = JSON.parse(text) as TraceFile;
  const names = new Map(
    traceEvents.flatMap(({ name, pid, args }) =>
      name === "process_name" ? [[pid, String(args["name"])]] : [],
    ),
  );
  const places = new Map(
    traceEvents.flatMap(({ ph, pid, tid }) => (ph === "X" ? [[tid, pid] as const] : [])),
  );
  return [...places].map(([rank, pid], index) => ({
    rank,
    host: names.get(pid)!,
    uncertainty: otherData.uncertaintyMicroseconds[index]!,
    steps: traceEvents
      .filter(({ cat, tid }) => cat === STEP && tid === rank)
      .map(({ args: { step } }) => ({
        step: step as number,
        spans: traceEvents
          .filter(
            ({ cat, tid, args }) =>
              cat !== undefined && cat !== STEP && tid === rank && args["step"] === step,
          )
          .map(({ cat, ts, dur, args }) => ({
            activity: cat as Activity,
            call: args["call"] as string | undefined,
            begin: ts!,
            end: ts! + dur!,
          })),
      })),
  }));
}

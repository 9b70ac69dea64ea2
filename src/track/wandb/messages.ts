import { PbfReader, PbfWriter } from "pbf";
import { writeMessage } from "../messages.js";
import type { TrackedRun } from "../tracker.js";

// The numbers of fields are those of wandb/proto/wandb_internal.proto of github.com/wandb/wandb.
const RECORD = { history: 2, summary: 3, config: 5, metric: 12, run: 17, exit: 18 } as const;
const RUN = { id: 1, project: 3, config: 4, name: 8, host: 13, startTime: 17 } as const;
const METRIC = { name: 1, stepMetric: 4, options: 6 } as const;
const HISTORY = { item: 1, step: 2 } as const;
/** Of ConfigRecord and SummaryRecord. */
const UPDATE = 1;
/** Of the items of all of them. */
const ITEM = { key: 1, json: 16 } as const;
const EXIT = { code: 1, runtime: 2 } as const;

type Items = readonly (readonly [key: string, value: string | number | boolean])[];

export interface RunHead {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly host: string;
  /** Seconds since 1970. */
  readonly started: number;
}

/** What a file begins with: the run. */
export const runRecord = (run: RunHead): Uint8Array =>
  recordOf(RECORD.run, (pbf) => {
    pbf.writeStringField(RUN.id, run.id);
    pbf.writeStringField(RUN.project, run.project);
    pbf.writeStringField(RUN.name, run.name);
    pbf.writeStringField(RUN.host, run.host);
    writeMessage(pbf, RUN.startTime, (time) => {
      time.writeVarintField(1, Math.floor(run.started));
    });
  });

/** The options that the run has from here on. */
export const configRecord = (hyperParameters: TrackedRun["hyperParameters"]): Uint8Array =>
  recordOf(RECORD.config, (pbf) => {
    writeItems(pbf, UPDATE, Object.entries(hyperParameters));
  });

/** Says that a metric is drawn over another one. */
export const metricRecord = (name: string, stepMetric: string): Uint8Array =>
  recordOf(RECORD.metric, (pbf) => {
    pbf.writeStringField(METRIC.name, name);
    pbf.writeStringField(METRIC.stepMetric, stepMetric);
    writeMessage(pbf, METRIC.options, (options) => {
      options.writeBooleanField(3, true); // defined
    });
  });

/** A row of values: the run's `row`th. */
export const historyRecord = (row: number, items: Items): Uint8Array =>
  recordOf(RECORD.history, (pbf) => {
    writeItems(pbf, HISTORY.item, items);
    writeMessage(pbf, HISTORY.step, (step) => {
      step.writeVarintField(1, row);
    });
  });

/** The values that tables of runs show. */
export const summaryRecord = (items: Items): Uint8Array =>
  recordOf(RECORD.summary, (pbf) => {
    writeItems(pbf, UPDATE, items);
  });

/** @param seconds that the run took */
export const exitRecord = (code: number, seconds: number): Uint8Array =>
  recordOf(RECORD.exit, (pbf) => {
    pbf.writeVarintField(EXIT.code, code);
    pbf.writeVarintField(EXIT.runtime, Math.floor(seconds));
  });

/** What is asked of a record: a row's values by name, which metric is defined, or that the run has ended. */
export interface ReadRecord {
  row?: Map<string, number>;
  metric?: string;
  isExit?: boolean;
}

export function readRecord(record: Uint8Array): ReadRecord {
  return new PbfReader(record).readFields<ReadRecord>((field, read, pbf) => {
    if (field === RECORD.exit) read.isExit = true;
    else if (field === RECORD.metric) read.metric = pbf.readMessage(readMetric, { name: "" }).name;
    else if (field === RECORD.history) read.row = pbf.readMessage(readHistory, new Map<string, number>());
  }, {});
}

function readMetric(field: number, metric: { name: string }, pbf: PbfReader): void {
  if (field === METRIC.name) metric.name = pbf.readString();
}

function readHistory(field: number, row: Map<string, number>, pbf: PbfReader): void {
  if (field !== HISTORY.item) return;
  const { key, json } = pbf.readMessage(readItem, { key: "", json: "null" });
  row.set(key, JSON.parse(json) as number);
}

function readItem(field: number, item: { key: string; json: string }, pbf: PbfReader): void {
  if (field === ITEM.key) item.key = pbf.readString();
  else if (field === ITEM.json) item.json = pbf.readString();
}

function recordOf(field: number, write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  writeMessage(pbf, field, write);
  return pbf.finish();
}

function writeItems(pbf: PbfWriter, field: number, items: Items): void {
  for (const [key, value] of items)
    writeMessage(pbf, field, (item) => {
      item.writeStringField(ITEM.key, key);
      item.writeStringField(ITEM.json, JSON.stringify(value));
    });
}

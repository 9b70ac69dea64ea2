import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import protobuf from "protobufjs";

/** What wandb/proto/wandb_internal.proto says of the messages that are written here, under their names there. */
const SCHEMA = `
syntax = "proto3";
message Record {
  oneof record_type {
    HistoryRecord history = 2; SummaryRecord summary = 3; ConfigRecord config = 5; MetricRecord metric = 12;
    RunRecord run = 17; RunExitRecord exit = 18;
  }
}
message Item { string key = 1; string value_json = 16; }
message HistoryStep { int64 num = 1; }
message HistoryRecord { repeated Item item = 1; HistoryStep step = 2; }
message SummaryRecord { repeated Item update = 1; }
message ConfigRecord { repeated Item update = 1; }
message MetricOptions { bool step_sync = 1; bool hidden = 2; bool defined = 3; }
message MetricRecord { string name = 1; string step_metric = 4; MetricOptions options = 6; }
message Timestamp { int64 seconds = 1; }
message RunRecord { string run_id = 1; string project = 3; string display_name = 8; string host = 13; Timestamp start_time = 17; }
message RunExitRecord { int32 exit_code = 1; int32 runtime = 2; }
`;
const record = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType("Record");

type Items = readonly { readonly key: string; readonly value_json: string }[];

export interface DecodedRecord {
  readonly run?: Readonly<Record<string, unknown>>;
  readonly config?: { readonly update: Items };
  readonly metric?: { readonly name: string; readonly step_metric: string };
  readonly history?: { readonly item: Items; readonly step: { readonly num?: number } };
  readonly summary?: { readonly update: Items };
  readonly exit?: { readonly exit_code?: number };
}

/** The only `.wandb` file of a run folder. */
export function wandbFile(run: string): string {
  const [folder, ...others] = readdirSync(join(run, "wandb"));
  if (others.length > 0) throw new Error(`several runs: ${others.join()}`);
  const [, id] = /^offline-run-\d{8}_\d{6}-(\w+)$/.exec(folder!)!;
  return join(run, "wandb", folder!, `run-${id}.wandb`);
}

/** All records of a file, block by block, whose every checksum is right and whose every padding is empty. */
export function wandbRecords(path: string): DecodedRecord[] {
  const content = readFileSync(path);
  if (content.toString("latin1", 0, 7) !== ":W&B\xe1\xbe\0") throw new Error("no file of W&B");
  const records: DecodedRecord[] = [];
  let data = Buffer.alloc(0);
  for (let start = 0; start < content.length; start += 0x8000) {
    const block = content.subarray(start, start + 0x8000);
    let at = start === 0 ? 7 : 0;
    while (at + 7 <= block.length) {
      const end = at + 7 + block.readUInt16LE(at + 4);
      if (end > block.length) throw new Error("a chunk that does not end");
      if (block.readUInt32LE(at) !== crc32(block.subarray(at + 6, end))) throw new Error("wrong checksum");
      data = Buffer.concat([data, block.subarray(at + 7, end)]);
      if (block[at + 6] === 1 || block[at + 6] === 4) {
        const decoded = record.decode(data);
        records.push(record.toObject(decoded, { longs: Number, arrays: true }));
        data = Buffer.alloc(0);
      }
      at = end;
    }
    if (block.subarray(at).some((byte) => byte !== 0)) throw new Error("padding that is not empty");
  }
  return records;
}

export const valuesOf = (items: Items): Record<string, unknown> =>
  Object.fromEntries(items.map(({ key, value_json }) => [key, JSON.parse(value_json) as unknown]));

/** The values of each metric, by what it is drawn over: of epochs, and of steps (without "batch/"). */
export function wandbIn(
  run: string,
): readonly [Map<string, Map<number, number>>, Map<string, Map<number, number>>] {
  const [epochs, steps] = [new Map<string, Map<number, number>>(), new Map<string, Map<number, number>>()];
  if (!existsSync(join(run, "wandb"))) return [epochs, steps];
  const over = new Map<string, string>();
  let rows = 0;
  for (const { metric, history } of wandbRecords(wandbFile(run))) {
    if (metric) {
      if (over.has(metric.name)) throw new Error(`${metric.name} is defined twice`);
      over.set(metric.name, metric.step_metric);
    }
    if (!history) continue;
    const row = valuesOf(history.item) as Record<string, number>;
    if (row["_step"] !== rows || (history.step.num ?? 0) !== rows++) throw new Error("rows are out of count");
    for (const [name, value] of Object.entries(row)) {
      const counter = over.get(name);
      if (counter === undefined) continue;
      const [tags, tag] = counter === "epoch" ? [epochs, name] : [steps, name.replace("batch/", "")];
      const values = tags.get(tag) ?? new Map<number, number>();
      if (values.has(row[counter]!)) throw new Error(`${counter} ${row[counter]} is there twice`);
      tags.set(tag, values.set(row[counter]!, value));
    }
  }
  return [epochs, steps];
}

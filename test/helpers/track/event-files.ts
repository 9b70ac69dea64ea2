import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";

/** What TensorBoard's own descriptions say of the messages that are written here, under their names there. */
const SCHEMA = `
syntax = "proto3";
message Event {
  double wall_time = 1;
  int64 step = 2;
  oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
}
message SessionLog { enum Status { UNSPECIFIED = 0; START = 1; } Status status = 1; }
message Summary {
  message Value {
    string tag = 1;
    SummaryMetadata metadata = 9;
    oneof value { float simple_value = 2; TensorProto tensor = 8; }
  }
  repeated Value value = 1;
}
message SummaryMetadata {
  message PluginData { string plugin_name = 1; bytes content = 2; }
  PluginData plugin_data = 1;
}
message TensorProto { int32 dtype = 1; TensorShapeProto tensor_shape = 2; }
message TensorShapeProto { message Dim { int64 size = 1; } repeated Dim dim = 2; }
message HParamsPluginData { oneof data { SessionStartInfo session_start_info = 3; } }
message SessionStartInfo { map<string, Value> hparams = 1; double start_time_secs = 5; }
message Value { oneof kind { double number_value = 2; string string_value = 3; bool bool_value = 4; } }
`;

const schema = protobuf.parse(SCHEMA, { keepCase: true }).root;

export interface DecodedEvent {
  readonly wall_time: number;
  readonly step?: number;
  readonly file_version?: string;
  readonly session_log?: { readonly status: string };
  readonly summary?: { readonly value: readonly DecodedValue[] };
}

interface DecodedValue {
  readonly tag: string;
  readonly simple_value?: number;
  readonly metadata?: { readonly plugin_data: { readonly plugin_name: string; readonly content: string } };
}

function decoded(type: string, data: Uint8Array): unknown {
  const message = schema.lookupType(type);
  return message.toObject(message.decode(data), { longs: Number, enums: String, bytes: String });
}

/** CRC-32C bit by bit: the remainder of a division by the polynomial. */
function checksum(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let i = 0; i < 8; i++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  }
  const crc = ~remainder >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** All events of a file, whose every checksum is right. */
export function eventsIn(path: string): DecodedEvent[] {
  const content = readFileSync(path);
  const events: DecodedEvent[] = [];
  for (let at = 0; at < content.length;) {
    const length = Number(content.readBigUInt64LE(at));
    const data = content.subarray(at + 12, at + 12 + length);
    const found = [content.readUInt32LE(at + 8), content.readUInt32LE(at + 12 + length)];
    const right = [checksum(content.subarray(at, at + 8)), checksum(data)];
    if (String(found) !== String(right)) throw new Error(`wrong checksum at byte ${at} of ${path}`);
    events.push(decoded("Event", data) as DecodedEvent);
    at += length + 16;
  }
  return events;
}

/** The event files of a folder, in the order in which TensorBoard reads them. */
export const eventFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.includes("tfevents"))
    .sort()
    .map((name) => join(folder, name));

/** The values of each tag, by step, of all event files of a folder. A step that is there twice is an error. */
export function scalarsIn(folder: string): Map<string, Map<number, number>> {
  const tags = new Map<string, Map<number, number>>();
  for (const { step = 0, summary } of eventFiles(folder).flatMap(eventsIn)) {
    for (const { tag, simple_value: value } of summary?.value ?? []) {
      if (value === undefined) continue;
      const steps = tags.get(tag) ?? new Map<number, number>();
      if (steps.has(step)) throw new Error(`step ${step} of ${tag} is there twice`);
      tags.set(tag, steps.set(step, value));
    }
  }
  return tags;
}

/** What the tab HPARAMS is told by the first event file of a folder. */
export function hyperParametersIn(folder: string): Record<string, unknown> {
  const values = eventsIn(eventFiles(folder)[0]!).flatMap(({ summary }) => summary?.value ?? []);
  const { tag, metadata } = values[0]!;
  if (tag !== "_hparams_/session_start_info") throw new Error(`the first tag is ${tag}`);
  const { plugin_name: plugin, content } = metadata!.plugin_data;
  if (plugin !== "hparams") throw new Error(`the plugin is ${plugin}`);
  const { session_start_info: start } = decoded("HParamsPluginData", Buffer.from(content, "base64")) as {
    session_start_info: { hparams: Record<string, Record<string, unknown>> };
  };
  return Object.fromEntries(
    Object.entries(start.hparams).map(([name, value]) => [name, Object.values(value)[0]]),
  );
}

import { PbfReader, PbfWriter } from "pbf";
import { writeMessage } from "../messages.js";
import { numbersOf, type Scalars, type TrackedRun } from "../tracker.js";

// The numbers of fields are those of tensorboard/compat/proto: event, summary, tensor, tensor_shape; and of
// tensorboard/plugins/hparams/plugin_data.proto.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const VALUE = { tag: 1, simple: 2, tensor: 8, metadata: 9 } as const;
const TENSOR = { type: 1, shape: 2 } as const;
const SESSION_START = { hyperParameters: 1, time: 5 } as const;

const DT_FLOAT = 1;

type Write = (pbf: PbfWriter) => void;

/** The version that each file begins with. */
export const versionEvent = (): Uint8Array =>
  eventOf(0, (pbf) => {
    pbf.writeStringField(EVENT.fileVersion, "brain.Event:2");
  });

/** Readers drop what they have of steps from `step` on: they are done again. */
export const restartEvent = (step: number): Uint8Array =>
  eventOf(step, (pbf) => {
    writeMessage(pbf, EVENT.sessionLog, (log) => {
      log.writeVarintField(1, 1); // status: START
    });
  });

/** Values of a step, in the one form that both of TensorBoard's readers take: float32. */
export const scalarsEvent = (step: number, scalars: Scalars, prefix: string): Uint8Array =>
  eventOf(step, (pbf) => {
    writeMessage(pbf, EVENT.summary, (summary) => {
      for (const [name, value] of numbersOf(scalars)) {
        writeMessage(summary, 1, (written) => {
          written.writeStringField(VALUE.tag, prefix + name);
          written.writeFloatField(VALUE.simple, value);
        });
      }
    });
  });

/** What the tab HPARAMS shows of a run. */
export const hyperParametersEvent = (hyperParameters: TrackedRun["hyperParameters"]): Uint8Array =>
  eventOf(0, (pbf) => {
    writeMessage(pbf, EVENT.summary, (summary) => {
      writeMessage(summary, 1, (value) => {
        value.writeStringField(VALUE.tag, "_hparams_/session_start_info");
        writeMessage(value, VALUE.tensor, emptyTensor);
        writeMessage(value, VALUE.metadata, (metadata) => {
          writeMessage(metadata, 1, (plugin) => {
            plugin.writeStringField(1, "hparams");
            writeMessage(plugin, 2, (content) => {
              writeMessage(content, 3, (start) => {
                for (const entry of Object.entries(hyperParameters))
                  writeMessage(start, SESSION_START.hyperParameters, (pair) => {
                    writeEntry(pair, entry);
                  });
                start.writeDoubleField(SESSION_START.time, now());
              });
            });
          });
        });
      });
    });
  });

/** The step of an event; 0 where it says none. */
export function stepOf(event: Uint8Array): number {
  const read = { step: 0 };
  new PbfReader(event).readFields((field, found, pbf) => {
    if (field === EVENT.step) found.step = pbf.readVarint(true);
  }, read);
  return read.step;
}

function eventOf(step: number, content: Write): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeDoubleField(EVENT.wallTime, now());
  pbf.writeVarintField(EVENT.step, step);
  content(pbf);
  return pbf.finish();
}

/** Of shape (0): the plugin looks at the metadata alone. */
function emptyTensor(tensor: PbfWriter): void {
  tensor.writeVarintField(TENSOR.type, DT_FLOAT);
  writeMessage(tensor, TENSOR.shape, (shape) => {
    writeMessage(shape, 2, (dimension) => {
      dimension.writeVarintField(1, 0);
    });
  });
}

/** An entry of a map of google.protobuf.Value. */
function writeEntry(pair: PbfWriter, [name, value]: [string, string | number | boolean]): void {
  pair.writeStringField(1, name);
  writeMessage(pair, 2, (written) => {
    if (typeof value === "number") written.writeDoubleField(2, value);
    else if (typeof value === "string") written.writeStringField(3, value);
    else written.writeBooleanField(4, value);
  });
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}

import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../../paths.js";
import { AppendedFile, cutFile } from "../../run/folder/appended-file.js";
import type { TrackedRun, Tracker } from "../tracker.js";
import { hyperParametersEvent, restartEvent, scalarsEvent, stepOf, versionEvent } from "./events.js";
import { recordOf, recordsIn } from "./records.js";

/** TensorBoard reads files whose names hold "tfevents", in the order of the names. */
const OWN = /^events\.out\.tfevents\.(\d+)\..*\.apts$/;

/**
 * Event files for TensorBoard: of epochs in the run folder, of steps in `batches`, since they are counted otherwise. A run
 * that goes on has a file more in each; what the others hold of later steps is cut off.
 */
export async function openTensorBoard(run: TrackedRun): Promise<Tracker> {
  const batches = join(run.folder, "batches");
  await makeFolder(batches, "the folder of steps");
  const ofEpochs = await openEvents(run.folder, run.epochs, [hyperParametersEvent(run.hyperParameters)]);
  const ofSteps = await openEvents(batches, run.steps, []);
  return {
    step: (step, scalars) => ofSteps.append(recordOf(scalarsEvent(step, scalars, "batch/"))),
    epoch: (epoch, scalars) => ofEpochs.append(recordOf(scalarsEvent(epoch, scalars, ""))),
    end: () => Promise.resolve(),
  };
}

/** A new file of events in `folder`, behind those of the first `done` steps. */
async function openEvents(folder: string, done: number, head: readonly Uint8Array[]): Promise<AppendedFile> {
  let last = 0;
  for (const name of await readdir(folder)) {
    const [, stamp] = OWN.exec(name) ?? [];
    if (stamp === undefined) continue;
    await cutFile(join(folder, name), (content) => bytesUpTo(content, done));
    last = Math.max(last, Number(stamp));
  }
  const stamp = Math.max(Math.floor(Date.now() / 1000), last + 1);
  const file = new AppendedFile(
    join(folder, `events.out.tfevents.${stamp}.${hostname()}.${process.pid}.apts`),
  );
  const events = [versionEvent(), ...head, restartEvent(done + 1)];
  await file.append(Buffer.concat(events.map(recordOf)));
  return file;
}

/** The bytes of a file up to what is beyond the first `done` steps; none where nothing counted is left. */
function bytesUpTo(content: Buffer, done: number): number {
  let bytes = 0;
  for (const { data, end } of recordsIn(content)) {
    const step = stepOf(data);
    if (step > done) break;
    if (step > 0) bytes = end;
  }
  return bytes;
}

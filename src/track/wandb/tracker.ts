import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join, resolve } from "node:path";
import { makeFolder } from "../../paths.js";
import type { Outcome, Scalars, TrackedRun, Tracker } from "../tracker.js";
import { EPOCH, STEP, WandbLog } from "./log.js";
import { configRecord, exitRecord, runRecord, summaryRecord } from "./messages.js";

/** `wandb sync` looks for `*.wandb` in folders of this name. */
const OWN = /^offline-run-\d{8}_\d{6}-([0-9a-z]+)$/;
/** Where W&B puts the run unless `wandb sync --project` says otherwise. */
const PROJECT = "apts";

/** What W&B's own client says of a run that Ctrl-C stopped is 255. */
const EXIT_CODES: Readonly<Record<Outcome, number>> = { finished: 0, failed: 1, stopped: 255 };

/** A run of W&B that waits to be sent: `wandb/offline-run-…` in the run folder. One that goes on grows the same file. */
export async function openWandbOffline(run: TrackedRun): Promise<Tracker> {
  const { id, path } = await placeOf(join(run.folder, "wandb"));
  await rm(`${path}.synced`, { force: true }); // with this mark `wandb sync` would pass over what is new
  const log = await WandbLog.open(path, run);
  const head = { id, project: PROJECT, name: basename(resolve(run.folder)), host: hostname() };
  if (log.isNew) log.enter(runRecord({ ...head, started: Date.now() / 1000 }));
  log.enter(configRecord(run.hyperParameters));
  await log.write();
  return {
    step: async (step, scalars) => {
      log.enterRow(STEP, step, prefixed(scalars));
      await log.write();
    },
    epoch: async (epoch, scalars) => {
      log.enter(summaryRecord(log.enterRow(EPOCH, epoch, scalars)));
      await log.write();
    },
    end: async (outcome) => {
      log.enter(exitRecord(EXIT_CODES[outcome], log.runtime()));
      await log.write();
    },
  };
}

/** The run's folder, as W&B names it, and its file; the one that is there already, if any. */
async function placeOf(wandb: string): Promise<{ readonly id: string; readonly path: string }> {
  await makeFolder(wandb, "the folder of W&B's runs");
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, "").replace("T", "_").slice(0, 15);
  const name =
    (await readdir(wandb)).find((name) => OWN.test(name)) ??
    `offline-run-${stamp}-${randomBytes(4).toString("hex")}`;
  await makeFolder(join(wandb, name), "a folder of W&B's run");
  const id = OWN.exec(name)![1]!;
  return { id, path: join(wandb, name, `run-${id}.wandb`) };
}

function prefixed(scalars: Scalars): Scalars {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [`batch/${name}`, value]));
}

import type { Communicator } from "../../comm/communicator.js";
import { UsageError } from "../../errors.js";
import { ledgerIn, type Checkpoint, type StagedCheckpoint } from "./format.js";
import type { CheckpointFolder } from "./store.js";
import { checkRunFolder, contentOf } from "../folder/files.js";
import { positionOf, type Ledger } from "../ledger.js";
import { differences, type Identity } from "./identity.js";

/** How a run begins: anew in a new folder, at the newest checkpoint of its folder, or there if there is one. */
export type Beginning = "new" | "resume" | "resume or new";

/** Where a run begins. */
export interface Start {
  /** What it goes on from; undefined: it begins anew. Of a network in stages, where their parts are. */
  readonly checkpoint?: Resumable;
  readonly file?: string;
  /** What the user should know of it, a sentence each. */
  readonly warnings: readonly string[];
}

/** A checkpoint without the model, which the ranks have. */
export type Resumable = Checkpoint | Omit<StagedCheckpoint, "model">;

/** The run that is to go on. */
interface Wanted {
  readonly beginning: Beginning;
  readonly out: string;
  readonly folder: CheckpointFolder;
  readonly identity: Identity;
  readonly epochs: number;
}

/**
 * Where the run begins. Rank 0 looks, and changes nothing. Collective.
 * @throws UsageError on rank 0, where folder or checkpoint is not what the run needs
 */
export async function findStart(comm: Communicator, wanted: Wanted): Promise<Start> {
  return comm.broadcastObject(comm.rank === 0 ? await find(wanted) : undefined);
}

async function find({ beginning, out, folder, identity, epochs }: Wanted): Promise<Start> {
  if (beginning === "new") {
    await checkRunFolder(out);
    return { warnings: [] };
  }
  const { checkpoint: stored, file, damaged } = await folder.newest();
  if (stored === undefined) {
    if (damaged.length > 0) {
      throw new UsageError(
        `Expected a checkpoint that is whole in ${file}, found none. ${damaged.join(" ")}`,
      );
    }
    const content = await contentOf(out);
    if (beginning === "resume" && content !== "an unfinished run") {
      throw new UsageError(
        `Expected a checkpoint in ${file} to resume from, found none. Give the folder that apts train wrote with --out.`,
      );
    }
    if (content === "other files") await checkRunFolder(out);
    const lost = content === "nothing" ? [] : [`There is no checkpoint in ${file} yet: the run begins anew.`];
    return { warnings: lost };
  }
  const { model: _, ...checkpoint } = stored;
  checkSame(out, checkpoint.identity, identity);
  checkEpochs(out, ledgerIn(stored), epochs);
  const { computation: was, methodModule } = checkpoint.identity;
  const other: string[] = [];
  if (was !== identity.computation) {
    other.push(
      `The result may differ in its last bits from that of a run without interruption: it began with ${was}, ` +
        `and goes on with ${identity.computation}.`,
    );
  }
  if (methodModule !== identity.methodModule)
    other.push("The module of the method has been edited since the run began: its result is that of both.");
  return {
    checkpoint,
    file,
    warnings: [...damaged.map((what) => `${what} The one before is used.`), ...other],
  };
}

function checkSame(out: string, was: Identity, now: Identity): void {
  const changed = differences(was, now);
  if (changed.length === 0) return;
  throw new UsageError(
    `Expected the problem and the method that the run in ${out} began with, got ${changed.join(", ")}. ` +
      `Leave that as it was to resume, or start a new run in another folder.`,
  );
}

function checkEpochs(out: string, ledger: Ledger, epochs: number): void {
  const position = positionOf(ledger);
  const begun = position.epochs + (position.batches > 0 ? 1 : 0);
  if (begun <= epochs) return;
  throw new UsageError(
    `Expected --epochs to be at least ${begun}, as far as the run in ${out} has come, got ${epochs}.`,
  );
}

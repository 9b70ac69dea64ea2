import { createHash } from "node:crypto";
import { packObject, unpackObject } from "../../comm/packing.js";
import { AptsError } from "../../errors.js";
import type { ModelFiles } from "../../network/model-file.js";
import type { Identity } from "./identity.js";
import type { Ledger } from "../ledger.js";
import type { RunState } from "../training-run.js";

/** All that a run needs to go on as if it had not ended. */
export interface Checkpoint {
  readonly identity: Identity;
  readonly state: RunState;
}

/** A checkpoint as it is kept: with the model as the run would hand it back there, which needs neither run nor data. */
export interface WholeCheckpoint extends Checkpoint {
  readonly model: ModelFiles;
}

/** What a checkpoint's manifest says of the part that one stage has written (shard.ts). */
export interface ShardRecord {
  /** Its file's name, beside the manifest. */
  readonly file: string;
  /** Of the file. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The manifest of a checkpoint of a network in stages, written when all its parts are there. */
export interface StagedCheckpoint {
  readonly identity: Identity;
  readonly ledger: Ledger;
  /** In the order of the stages. */
  readonly shards: readonly ShardRecord[];
  readonly model: StagedModel;
}

/** A model whose weights lie in shards. */
export interface StagedModel {
  readonly "model.json": string;
  /** The names of the weights in the order of `weights.bin`; those that no shard has are here. */
  readonly weights: readonly string[];
  readonly own: Readonly<Record<string, Uint8Array>>;
}

export type StoredCheckpoint = WholeCheckpoint | StagedCheckpoint;

/** The account of the run up to a checkpoint. */
export function ledgerIn(checkpoint: StoredCheckpoint): Ledger {
  return "shards" in checkpoint ? checkpoint.ledger : checkpoint.state.ledger;
}

/** A checkpoint whose content is not what was written, or that another version wrote. */
export class DamagedCheckpointError extends AptsError {}

const MAGIC = Buffer.from("APTSCKPT", "latin1");
/** Numbers of the formats. */
const WHOLE = 5;
const STAGED = 6;
const DIGEST_AT = MAGIC.length + 4;
const CONTENT_AT = DIGEST_AT + 32;

/**
 * A checkpoint as the parts of a file:
 *
 *   8 bytes   "APTSCKPT"
 *   4 bytes   number of the format, little-endian
 *   32 bytes  SHA-256 of the content
 *   content   msgpack, typed arrays as raw bytes
 */
export function encodeCheckpoint(checkpoint: StoredCheckpoint): Uint8Array[] {
  const content = packObject(checkpoint);
  const format = Buffer.alloc(4);
  format.writeUInt32LE("shards" in checkpoint ? STAGED : WHOLE);
  return [MAGIC, format, digestOf(content), content];
}

/** @throws DamagedCheckpointError that says what is wrong with `file`'s bytes */
export function decodeCheckpoint(file: string, bytes: Buffer): StoredCheckpoint {
  const damaged = (what: string): DamagedCheckpointError =>
    new DamagedCheckpointError(`Expected a checkpoint in ${file}, but ${what}.`);
  if (bytes.length < CONTENT_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged(`its ${bytes.length} bytes do not begin as one`);
  }
  const format = bytes.readUInt32LE(MAGIC.length);
  if (format !== WHOLE && format !== STAGED)
    throw damaged(`it has format ${format}; this version of apts reads ${WHOLE} and ${STAGED}`);
  const content = bytes.subarray(CONTENT_AT);
  if (!digestOf(content).equals(bytes.subarray(DIGEST_AT, CONTENT_AT))) {
    throw damaged("its content does not have the checksum it was written with");
  }
  return unpackObject(content) as StoredCheckpoint;
}

function digestOf(content: Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

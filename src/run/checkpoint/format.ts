import { createHash } from "node:crypto";
import { packObject, unpackObject } from "../../comm/packing.js";
import { AptsError } from "../../errors.js";
import type { ModelFiles } from "../../network/model-file.js";
import type { Identity } from "./identity.js";
import type { RunState } from "../training-run.js";

/** All that a run needs to go on as if it had not ended. */
export interface Checkpoint {
  readonly identity: Identity;
  readonly state: RunState;
}

/** A checkpoint as it is kept: with the model as the run would hand it back there, which needs neither run nor data. */
export interface StoredCheckpoint extends Checkpoint {
  readonly model: ModelFiles;
}

/** A checkpoint whose content is not what was written, or that another version wrote. */
export class DamagedCheckpointError extends AptsError {}

const MAGIC = Buffer.from("APTSCKPT", "latin1");
const FORMAT = 5;
const DIGEST_AT = MAGIC.length + 4;
const CONTENT_AT = DIGEST_AT + 32;

/**
 * A checkpoint as the parts of a file:
 *
 *   8 bytes   "APTSCKPT"
 *   4 bytes   number of this format, little-endian
 *   32 bytes  SHA-256 of the content
 *   content   msgpack, typed arrays as raw bytes
 */
export function encodeCheckpoint(checkpoint: StoredCheckpoint): Uint8Array[] {
  const content = packObject(checkpoint);
  const format = Buffer.alloc(4);
  format.writeUInt32LE(FORMAT);
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
  if (format !== FORMAT) throw damaged(`it has format ${format}; this version of apts reads ${FORMAT}`);
  const content = bytes.subarray(CONTENT_AT);
  if (!digestOf(content).equals(bytes.subarray(DIGEST_AT, CONTENT_AT))) {
    throw damaged("its content does not have the checksum it was written with");
  }
  return unpackObject(content) as StoredCheckpoint;
}

function digestOf(content: Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

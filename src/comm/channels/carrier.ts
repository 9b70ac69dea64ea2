import type { CallAccount } from "../account.js";
import type { Membership } from "../membership/membership.js";
import type { Sharing } from "../transport/shared-memory/sharing.js";
import type { JobWords } from "../transport/wire.js";
import type { SendBuffers } from "./send-buffers.js";

/** What channels need of the rank they belong to. */
export interface Carrier {
  readonly rank: number;
  readonly size: number;
  readonly job: JobWords;
  readonly buffers: SendBuffers;
  readonly account: CallAccount;
  readonly membership: Pick<Membership, "checkOpen" | "wait">;
  /** How payloads are taken from the memory of peers on this host, where that is possible. */
  readonly sharing: Sharing | undefined;
  /** Whether `peer` runs on this machine. */
  isLocal(peer: number): boolean;
  /** Sends a frame to `to`, which may be this rank. A head alone may be written again afterwards. */
  post(to: number, head: Buffer, body?: Uint8Array): void;
  countSent(bytes: number): void;
}

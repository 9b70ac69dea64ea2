import { CommunicatorClosedError } from "../../errors.js";
import type { Locality } from "../transport/transport.js";
import type { Endpoint } from "./endpoint.js";
import { CallHistory } from "./history.js";

/** The context of the group of all ranks. */
export const WORLD = 0;

/** What a group of ranks shares: who they are, and the calls this rank has made on it. */
export class Group {
  readonly size: number;
  readonly locality: Locality;
  readonly history = new CallHistory();
  #closed = false;

  constructor(
    readonly endpoint: Endpoint,
    /** World ranks, in group order. */
    readonly members: readonly number[],
    readonly rank: number,
    readonly context: number,
  ) {
    this.size = members.length;
    this.locality = endpoint.localityOf(members);
    endpoint.follow(context, this.history);
  }

  checkOpen(): void {
    if (this.#closed && this.endpoint.membership.state === "open")
      throw new CommunicatorClosedError("Expected an open communicator, but this group was closed.");
  }

  /** Refuses calls from now on; with the group of all ranks this rank leaves. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.context === WORLD) await this.endpoint.membership.close();
    else this.endpoint.forget(this.context);
  }
}

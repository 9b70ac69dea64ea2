import { CommunicatorClosedError } from "../../errors.js";
import type { Locality } from "../transport/transport.js";
import { Collective } from "./collective.js";
import type { Endpoint } from "./endpoint.js";
import { CallHistory } from "./history.js";
import { describeCall, type Signature } from "./signature.js";

/** The context of the group of all ranks. */
export const WORLD = 0;

/**
 * What a group of ranks shares: who they are, and the calls this rank has made on it. Its collectives run one after
 * another, in the order of the calls.
 */
export class Group {
  readonly size: number;
  readonly locality: Locality;
  readonly history = new CallHistory();
  #closed = false;
  /** Settles when the collective called last is done. */
  #turn: Promise<void> | undefined;

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

  /** Runs `body` as the next collective, after those called before. */
  async run<R>(signature: Signature, body: (collective: Collective) => Promise<R>): Promise<R> {
    this.checkOpen();
    const { account } = this.endpoint;
    const earlier = this.#turn;
    let done!: () => void;
    this.#turn = new Promise((resolve) => (done = resolve));
    const own = this.#turn;
    let collective: Collective | undefined;
    try {
      if (earlier !== undefined) {
        await earlier;
        this.checkOpen();
      }
      this.endpoint.membership.checkOpenAt(() => describeCall(signature, this.history.sequence + 1));
      const call = new Collective(this, signature);
      collective = call;
      const made = async (): Promise<R> => {
        const result = await body(call);
        await call.finish();
        return result;
      };
      if (this.size === 1) return await made(); // alone there is nothing to wait for, and nothing moves
      account.made(signature.operation);
      return await account.within(signature.operation, made);
    } catch (error) {
      if (collective !== undefined) this.#failed(collective, error);
      throw error;
    } finally {
      done();
      if (this.#turn === own) this.#turn = undefined;
    }
  }

  /** Where the caller's own function threw amid a call, the others would wait for this rank in vain. */
  #failed(collective: Collective, error: unknown): void {
    const { rank, membership } = this.endpoint;
    if (membership.state !== "open") return;
    const message = `Rank ${rank} failed in ${collective.describe()}: ${String(error)}`;
    membership.abort({ kind: "lost", message });
    membership.failureIn(); // this rank's caller is told by `error`
  }

  /** Refuses calls from now on; with the group of all ranks this rank leaves. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.context === WORLD) await this.endpoint.membership.close();
    else this.endpoint.forget(this.context);
  }
}

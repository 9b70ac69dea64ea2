import { CommunicatorClosedError } from "../../errors.js";
import { Collective, type Group } from "./collective.js";
import { describeCall, type Signature } from "./signature.js";

/** The collectives of a group on one rank: they run one after another, in the order of the calls. */
export class CollectiveQueue {
  /** Settles when the collective called last is done. */
  #turn: Promise<void> | undefined;
  #closed = false;

  constructor(private readonly group: Group) {}

  /** Runs `body` as the next collective, after those called before. */
  async run<R>(signature: Signature, body: (collective: Collective) => Promise<R>): Promise<R> {
    this.checkOpen();
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
      this.group.endpoint.membership.checkOpenAt(() => describeCall(signature, this.group.log.sequence + 1));
      collective = new Collective(this.group, signature);
      const result = await body(collective);
      await collective.finish();
      return result;
    } catch (error) {
      if (collective !== undefined) this.#failed(collective, error);
      throw error;
    } finally {
      done();
      if (this.#turn === own) this.#turn = undefined;
    }
  }

  /** Calls are refused from now on. */
  close(): void {
    this.#closed = true;
  }

  checkOpen(): void {
    if (this.#closed && this.group.endpoint.membership.state === "open")
      throw new CommunicatorClosedError("Expected an open communicator, but this group was closed.");
  }

  /** Where the caller's own function threw amid a call, the others would wait for this rank in vain. */
  #failed(collective: Collective, error: unknown): void {
    const { rank, membership } = this.group.endpoint;
    if (membership.state !== "open") return;
    const message = `Rank ${rank} failed in ${collective.describe()}: ${String(error)}`;
    membership.abort({ kind: "lost", message });
    membership.failureIn(); // this rank's caller is told by `error`
  }
}

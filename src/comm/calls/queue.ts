import { Collective } from "./collective.js";
import type { Group } from "./group.js";
import { describeCall, type Signature } from "./signature.js";

/** The collectives of a group on one rank: they run one after another, in the order of the calls. */
export class CollectiveQueue {
  /** Settles when the collective called last is done. */
  #turn: Promise<void> | undefined;

  constructor(private readonly group: Group) {}

  get rank(): number {
    return this.group.rank;
  }

  get size(): number {
    return this.group.size;
  }

  /** Runs `body` as the next collective, after those called before. */
  async run<R>(signature: Signature, body: (collective: Collective) => Promise<R>): Promise<R> {
    this.group.checkOpen();
    const earlier = this.#turn;
    let done!: () => void;
    this.#turn = new Promise((resolve) => (done = resolve));
    const own = this.#turn;
    let collective: Collective | undefined;
    try {
      if (earlier !== undefined) {
        await earlier;
        this.group.checkOpen();
      }
      this.group.endpoint.membership.checkOpenAt(() =>
        describeCall(signature, this.group.history.sequence + 1),
      );
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

  /** Where the caller's own function threw amid a call, the others would wait for this rank in vain. */
  #failed(collective: Collective, error: unknown): void {
    const { rank, membership } = this.group.endpoint;
    if (membership.state !== "open") return;
    const message = `Rank ${rank} failed in ${collective.describe()}: ${String(error)}`;
    membership.abort({ kind: "lost", message });
    membership.failureIn(); // this rank's caller is told by `error`
  }
}

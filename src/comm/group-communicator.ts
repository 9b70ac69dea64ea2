import { AptsError, CommunicatorClosedError } from "../errors.js";
import * as check from "./arguments.js";
import { Call, type Group } from "./call.js";
import { CallLog } from "./call-log.js";
import { barrier } from "./collectives/barrier.js";
import { offsetsOf } from "./collectives/blocks.js";
import { gatherDirect } from "./collectives/gather.js";
import { broadcastMessage, gatherMessages } from "./collectives/objects.js";
import { scatterDirect } from "./collectives/scatter.js";
import type { Communicator, NumericArray, ReduceOp, Traffic } from "./communicator.js";
import type { Endpoint } from "./endpoint.js";
import { packObject, unpackObject } from "./objects.js";
import { receiveMessage, sendMessage } from "./point-to-point.js";
import * as selected from "./selected.js";
import { digestOf, reductionOf, type Operation, type Signature } from "./signature.js";
import { planSplit } from "./split.js";

/** The context of the group of all ranks. */
export const WORLD = 0;

/** A Communicator over an Endpoint: checks arguments, lines calls up, and picks an algorithm for each. */
export class GroupCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #group: Group;
  /** Settles when the collective called last is done: they run one after another, in the order of the calls. */
  #turn: Promise<void> | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, members: readonly number[], rank: number, context: number) {
    this.rank = rank;
    this.size = members.length;
    const locality = endpoint.localityOf(members);
    this.#group = { endpoint, members, rank, context, log: new CallLog(), locality };
    endpoint.follow(context, this.#group.log);
  }

  get traffic(): Traffic {
    return { ...this.#group.endpoint.traffic };
  }

  // ── point to point ───────────────────────────────────────────────────────────────────────────────────────────

  async send(to: number, tag: number, data: NumericArray): Promise<void> {
    check.checkRank("send", "to", to, this.size);
    check.checkTag("send", tag);
    const dtype = check.checkArray("send", "data", data);
    this.#throwIfClosed();
    await this.#marked(sendMessage(this.#group, to, tag, data, dtype));
  }

  async recv<T extends NumericArray>(from: number, tag: number, into: T): Promise<T> {
    check.checkRank("recv", "from", from, this.size);
    check.checkTag("recv", tag);
    const dtype = check.checkArray("recv", "into", into);
    this.#throwIfClosed();
    return this.#marked(receiveMessage(this.#group, from, tag, into, dtype));
  }

  async sendrecv<T extends NumericArray>(
    to: number,
    sendTag: number,
    data: NumericArray,
    from: number,
    recvTag: number,
    into: T,
  ): Promise<T> {
    const [received] = await Promise.all([this.recv(from, recvTag, into), this.send(to, sendTag, data)]);
    return received;
  }

  // ── collectives ──────────────────────────────────────────────────────────────────────────────────────────────

  async barrier(): Promise<void> {
    await this.collective(plain("barrier"), (call) => barrier(call));
  }

  async broadcast<T extends NumericArray>(data: T, root = 0): Promise<T> {
    check.checkRank("broadcast", "root", root, this.size);
    const dtype = check.checkArray("broadcast", "data", data);
    const signature = { ...plain("broadcast"), dtype, count: data.length, root };
    await this.collective(signature, (call) => selected.broadcast(call, data, root));
    return data;
  }

  async scatterv<T extends NumericArray>(
    all: T | undefined,
    counts: readonly number[],
    mine: T,
    root = 0,
  ): Promise<T> {
    check.checkRank("scatter", "root", root, this.size);
    const dtype = check.checkArray("scatter", "mine", mine);
    const count = check.checkCounts("scatter", counts, this.size);
    check.checkLength("scatter", "mine", mine, counts[this.rank]!);
    const source = this.rank === root ? needed("scatter", all) : undefined;
    if (source !== undefined) {
      check.checkSameType("scatter", "all", source, dtype);
      check.checkLength("scatter", "all", source, count);
    }
    const signature = { ...plain("scatter"), dtype, count, root, digest: digestOf(counts) };
    await this.collective(signature, (call) => scatterDirect(call, source, counts, mine, root));
    return mine;
  }

  async gatherv<T extends NumericArray>(
    mine: T,
    counts: readonly number[],
    all: T | undefined,
    root = 0,
  ): Promise<void> {
    check.checkRank("gather", "root", root, this.size);
    const dtype = check.checkArray("gather", "mine", mine);
    const count = check.checkCounts("gather", counts, this.size);
    check.checkLength("gather", "mine", mine, counts[this.rank]!);
    const target = this.rank === root ? needed("gather", all) : undefined;
    if (target !== undefined) {
      check.checkSameType("gather", "all", target, dtype);
      check.checkLength("gather", "all", target, count);
    }
    const signature = { ...plain("gather"), dtype, count, root, digest: digestOf(counts) };
    await this.collective(signature, (call) => gatherDirect(call, mine, counts, target, root));
  }

  async allgatherv<T extends NumericArray>(mine: T, counts: readonly number[], all: T): Promise<T> {
    const dtype = check.checkArray("allgather", "mine", mine);
    const count = check.checkCounts("allgather", counts, this.size);
    check.checkLength("allgather", "mine", mine, counts[this.rank]!);
    check.checkSameType("allgather", "all", all, dtype);
    check.checkLength("allgather", "all", all, count);
    const signature = { ...plain("allgather"), dtype, count, digest: digestOf(counts) };
    await this.collective(signature, (call) => {
      const own = all.subarray(offsetsOf(counts)[this.rank], offsetsOf(counts)[this.rank + 1]);
      if (own.buffer !== mine.buffer || own.byteOffset !== mine.byteOffset) own.set(mine);
      return selected.allgather(call, counts, plainArray(all));
    });
    return all;
  }

  async scatter<T extends NumericArray>(all: T | undefined, mine: T, root = 0): Promise<T> {
    return this.scatterv(all, this.#equal(mine.length), mine, root);
  }

  async gather<T extends NumericArray>(mine: T, all: T | undefined, root = 0): Promise<void> {
    await this.gatherv(mine, this.#equal(mine.length), all, root);
  }

  async allgather<T extends NumericArray>(mine: T, all: T): Promise<T> {
    return this.allgatherv(mine, this.#equal(mine.length), all);
  }

  async reduce<T extends NumericArray>(data: T, op: ReduceOp<T>, root = 0): Promise<T> {
    check.checkRank("reduce", "root", root, this.size);
    const dtype = check.checkArray("reduce", "data", data);
    const signature = { ...plain("reduce"), dtype, count: data.length, root, reduction: reductionOf(op) };
    await this.collective(signature, (call) => selected.reduce(call, plainArray(data), op, root));
    return data;
  }

  async allreduce<T extends NumericArray>(data: T, op: ReduceOp<T>): Promise<T> {
    const dtype = check.checkArray("allreduce", "data", data);
    const signature = { ...plain("allreduce"), dtype, count: data.length, reduction: reductionOf(op) };
    await this.collective(signature, (call) => selected.allreduce(call, plainArray(data), op));
    return data;
  }

  async reduceScatter<T extends NumericArray>(
    data: T,
    op: ReduceOp<T>,
    counts: readonly number[],
    mine: T,
  ): Promise<T> {
    const dtype = check.checkArray("reduceScatter", "data", data);
    const count = check.checkCounts("reduceScatter", counts, this.size);
    check.checkLength("reduceScatter", "data", data, count);
    check.checkSameType("reduceScatter", "mine", mine, dtype);
    check.checkLength("reduceScatter", "mine", mine, counts[this.rank]!);
    const reduction = reductionOf(op);
    const signature = { ...plain("reduceScatter"), dtype, count, reduction, digest: digestOf(counts) };
    await this.collective(signature, (call) =>
      selected.reduceScatter(call, plainArray(data), op, counts, plainArray(mine)),
    );
    return mine;
  }

  // ── objects ──────────────────────────────────────────────────────────────────────────────────────────────────

  async broadcastObject<V>(value: V | undefined, root = 0): Promise<V> {
    check.checkRank("broadcastObject", "root", root, this.size);
    const message = this.rank === root ? packObject(value) : undefined;
    const signature = { ...plain("broadcastObject"), dtype: "object", root } as const;
    const received = await this.collective(signature, (call) => broadcastMessage(call, message, root));
    return this.rank === root ? (value as V) : (unpackObject(received) as V);
  }

  async gatherObject<V>(value: V, root = 0): Promise<V[] | undefined> {
    check.checkRank("gatherObject", "root", root, this.size);
    const message = packObject(value);
    const signature = { ...plain("gatherObject"), dtype: "object", root } as const;
    const messages = await this.collective(signature, (call) => gatherMessages(call, message, root));
    return messages?.map((bytes) => unpackObject(bytes) as V);
  }

  async allgatherObject<V>(value: V): Promise<V[]> {
    const message = packObject(value);
    const signature = { ...plain("allgatherObject"), dtype: "object" } as const;
    const packed = await this.collective(signature, async (call) => {
      const messages = await gatherMessages(call, message, 0);
      return broadcastMessage(call, messages && packObject(messages), 0);
    });
    return (unpackObject(packed) as Uint8Array[]).map((bytes) => unpackObject(bytes) as V);
  }

  // ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────

  async split(color: number, key: number): Promise<Communicator | undefined> {
    const { endpoint, members } = this.#group;
    const choices = new Int32Array(3 * this.size);
    const own = choices.subarray(3 * this.rank, 3 * this.rank + 3);
    own.set([color, key, endpoint.nextContext]);
    const counts = this.#equal(3);
    await this.collective(plain("split"), (call) => selected.allgather(call, counts, choices));
    const plan = planSplit(choices, this.rank);
    endpoint.nextContext = plan.nextContext;
    if (plan.group === undefined) return undefined;
    const { ranks, context } = plan.group;
    const world = ranks.map((r) => members[r]!);
    return new GroupCommunicator(endpoint, world, ranks.indexOf(this.rank), context);
  }

  async close(): Promise<void> {
    const { endpoint, context } = this.#group;
    this.#closed = true;
    if (context === WORLD) await endpoint.close();
    else endpoint.forget(context);
  }

  #equal(count: number): number[] {
    return new Array<number>(this.size).fill(count);
  }

  #throwIfClosed(): void {
    this.#group.endpoint.throwIfFailed();
    if (this.#closed)
      throw new CommunicatorClosedError("Expected an open communicator, but this group was closed.");
  }

  /** Notes that a call ended with what ended communication. */
  async #marked<R>(call: Promise<R>): Promise<R> {
    try {
      return await call;
    } catch (error) {
      this.#group.endpoint.markSeen();
      throw error;
    }
  }

  /**
   * Runs `body` as the next collective of this group on this rank, after those called before. Tests and benchmarks
   * use it to run one algorithm whatever the size.
   */
  async collective<R>(signature: Signature, body: (call: Call) => Promise<R>): Promise<R> {
    const { endpoint } = this.#group;
    this.#throwIfClosed();
    const earlier = this.#turn;
    let done!: () => void;
    this.#turn = new Promise((resolve) => (done = resolve));
    const own = this.#turn;
    try {
      if (earlier !== undefined) {
        await earlier;
        this.#throwIfClosed();
      }
      const call = new Call(this.#group, signature);
      const result = await body(call);
      await call.finish();
      return result;
    } catch (error) {
      // A function of the caller's threw amid the call: the others would wait for this rank in vain.
      const { log } = this.#group;
      if (!(error instanceof AptsError))
        endpoint.fault(`failed in ${log.describe(log.sequence)}: ${String(error)}`);
      endpoint.markSeen();
      throw error;
    } finally {
      done();
      if (this.#turn === own) this.#turn = undefined;
    }
  }
}

/** A Buffer as what it is beneath: its own `slice` does not copy. */
function plainArray<T extends NumericArray>(data: T): T {
  return Buffer.isBuffer(data) ? (new Uint8Array(data.buffer, data.byteOffset, data.byteLength) as T) : data;
}

function plain(operation: Operation): Signature {
  return { operation, dtype: "nothing", reduction: "none", root: 0, count: 0, digest: 0 };
}

function needed<T>(call: string, all: T | undefined): T {
  if (all === undefined) throw new TypeError(`Expected the root of ${call} to pass \`all\`, got undefined.`);
  return all;
}

import * as check from "./calls/arguments.js";
import type { Collective, Group } from "./calls/collective.js";
import { CollectiveQueue } from "./calls/queue.js";
import { CallHistory } from "./calls/history.js";
import { barrier } from "./collectives/barrier.js";
import { offsetsOf } from "./collectives/blocks.js";
import { gatherDirect } from "./collectives/gather.js";
import { broadcastMessage, gatherMessages } from "./collectives/objects.js";
import { scatterDirect } from "./collectives/scatter.js";
import type { Communicator, NumericArray, ReduceOp, Traffic } from "./communicator.js";
import type { Endpoint } from "./calls/endpoint.js";
import { packObject, unpackObject } from "./packing.js";
import { receiveMessage, sendMessage } from "./calls/point-to-point.js";
import * as selected from "./selected.js";
import { reductionOf, type Operation, type Signature } from "./calls/signature.js";
import { planSplit } from "./collectives/split.js";

/** The context of the group of all ranks. */
export const WORLD = 0;

/** A Communicator over an Endpoint: checks arguments, lines calls up, and picks an algorithm for each. */
export class GroupCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #group: Group;
  readonly #line: CollectiveQueue;

  constructor(endpoint: Endpoint, members: readonly number[], rank: number, context: number) {
    this.rank = rank;
    this.size = members.length;
    const locality = endpoint.localityOf(members);
    this.#group = { endpoint, members, rank, context, log: new CallHistory(), locality };
    this.#line = new CollectiveQueue(this.#group);
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
    this.#line.checkOpen();
    await sendMessage(this.#group, to, tag, data, dtype);
  }

  async recv<T extends NumericArray>(from: number, tag: number, into: T): Promise<T> {
    check.checkRank("recv", "from", from, this.size);
    check.checkTag("recv", tag);
    const dtype = check.checkArray("recv", "into", into);
    this.#line.checkOpen();
    return receiveMessage(this.#group, from, tag, into, dtype);
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
    await this.collective(plain("barrier"), (collective) => barrier(collective));
  }

  async broadcast<T extends NumericArray>(data: T, root = 0): Promise<T> {
    check.checkRank("broadcast", "root", root, this.size);
    const dtype = check.checkArray("broadcast", "data", data);
    const signature = { ...plain("broadcast"), dtype, count: data.length, root };
    await this.collective(signature, (collective) => selected.broadcast(collective, data, root));
    return data;
  }

  async scatterv<T extends NumericArray>(
    all: T | undefined,
    counts: readonly number[],
    mine: T,
    root = 0,
  ): Promise<T> {
    check.checkRank("scatter", "root", root, this.size);
    const source = this.rank === root ? needed("scatter", all) : undefined;
    const runs = check.checkRuns("scatter", this, counts, mine, "all", source);
    await this.collective({ ...plain("scatter"), ...runs, root }, (collective) =>
      scatterDirect(collective, source, counts, mine, root),
    );
    return mine;
  }

  async gatherv<T extends NumericArray>(
    mine: T,
    counts: readonly number[],
    all: T | undefined,
    root = 0,
  ): Promise<void> {
    check.checkRank("gather", "root", root, this.size);
    const target = this.rank === root ? needed("gather", all) : undefined;
    const runs = check.checkRuns("gather", this, counts, mine, "all", target);
    await this.collective({ ...plain("gather"), ...runs, root }, (collective) =>
      gatherDirect(collective, mine, counts, target, root),
    );
  }

  async allgatherv<T extends NumericArray>(mine: T, counts: readonly number[], all: T): Promise<T> {
    const runs = check.checkRuns("allgather", this, counts, mine, "all", all);
    await this.collective({ ...plain("allgather"), ...runs }, (collective) => {
      const own = all.subarray(offsetsOf(counts)[this.rank], offsetsOf(counts)[this.rank + 1]);
      if (own.buffer !== mine.buffer || own.byteOffset !== mine.byteOffset) own.set(mine);
      return selected.allgather(collective, counts, plainArray(all));
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
    await this.collective(signature, (collective) => selected.reduce(collective, plainArray(data), op, root));
    return data;
  }

  async allreduce<T extends NumericArray>(data: T, op: ReduceOp<T>): Promise<T> {
    const dtype = check.checkArray("allreduce", "data", data);
    const signature = { ...plain("allreduce"), dtype, count: data.length, reduction: reductionOf(op) };
    await this.collective(signature, (collective) => selected.allreduce(collective, plainArray(data), op));
    return data;
  }

  async reduceScatter<T extends NumericArray>(
    data: T,
    op: ReduceOp<T>,
    counts: readonly number[],
    mine: T,
  ): Promise<T> {
    const runs = check.checkRuns("reduceScatter", this, counts, mine, "data", data);
    const signature = { ...plain("reduceScatter"), ...runs, reduction: reductionOf(op) };
    await this.collective(signature, (collective) =>
      selected.reduceScatter(collective, plainArray(data), op, counts, plainArray(mine)),
    );
    return mine;
  }

  // ── objects ──────────────────────────────────────────────────────────────────────────────────────────────────

  async broadcastObject<V>(value: V | undefined, root = 0): Promise<V> {
    check.checkRank("broadcastObject", "root", root, this.size);
    const message = this.rank === root ? packObject(value) : undefined;
    const signature = { ...plain("broadcastObject"), dtype: "object", root } as const;
    const received = await this.collective(signature, (collective) =>
      broadcastMessage(collective, message, root),
    );
    return this.rank === root ? (value as V) : (unpackObject(received) as V);
  }

  async gatherObject<V>(value: V, root = 0): Promise<V[] | undefined> {
    check.checkRank("gatherObject", "root", root, this.size);
    const message = packObject(value);
    const signature = { ...plain("gatherObject"), dtype: "object", root } as const;
    const messages = await this.collective(signature, (collective) =>
      gatherMessages(collective, message, root),
    );
    return messages?.map((bytes) => unpackObject(bytes) as V);
  }

  async allgatherObject<V>(value: V): Promise<V[]> {
    const message = packObject(value);
    const signature = { ...plain("allgatherObject"), dtype: "object" } as const;
    const packed = await this.collective(signature, async (collective) => {
      const messages = await gatherMessages(collective, message, 0);
      return broadcastMessage(collective, messages && packObject(messages), 0);
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
    await this.collective(plain("split"), (collective) => selected.allgather(collective, counts, choices));
    const plan = planSplit(choices, this.rank);
    endpoint.nextContext = plan.nextContext;
    if (plan.group === undefined) return undefined;
    const { ranks, context } = plan.group;
    const world = ranks.map((r) => members[r]!);
    return new GroupCommunicator(endpoint, world, ranks.indexOf(this.rank), context);
  }

  async close(): Promise<void> {
    const { endpoint, context } = this.#group;
    this.#line.close();
    if (context === WORLD) await endpoint.membership.close();
    else endpoint.forget(context);
  }

  /** Runs `body` as the next collective. Tests and benchmarks use it to run one algorithm whatever the size. */
  collective<R>(signature: Signature, body: (collective: Collective) => Promise<R>): Promise<R> {
    return this.#line.run(signature, body);
  }

  #equal(count: number): number[] {
    return new Array<number>(this.size).fill(count);
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

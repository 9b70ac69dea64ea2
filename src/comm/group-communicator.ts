import type { CallAccount } from "./account.js";
import type { Collective } from "./calls/collective.js";
import type { Endpoint } from "./calls/endpoint.js";
import { Group } from "./calls/group.js";
import { receiveMessage, sendMessage } from "./calls/point-to-point.js";
import type { Signature } from "./calls/signature.js";
import { callAllgather } from "./collectives/allgather.js";
import { callAllreduce } from "./collectives/allreduce.js";
import { callBarrier } from "./collectives/barrier.js";
import { callBroadcast } from "./collectives/broadcast.js";
import { callGather } from "./collectives/gather.js";
import { callAllgatherObject, callBroadcastObject, callGatherObject } from "./collectives/objects.js";
import { callReduce } from "./collectives/reduce.js";
import { callReduceScatter } from "./collectives/reduce-scatter.js";
import { callScatter } from "./collectives/scatter.js";
import { callSplit } from "./collectives/split.js";
import type { Communicator, NumericArray, ReduceOp, Traffic } from "./communicator.js";
import type { Locality } from "./transport/transport.js";

/** A Communicator over an Endpoint: each method hands on to the file of its name. */
export class GroupCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #group: Group;

  constructor(endpoint: Endpoint, members: readonly number[], rank: number, context: number) {
    this.rank = rank;
    this.size = members.length;
    this.#group = new Group(endpoint, members, rank, context);
  }

  get locality(): Locality {
    return this.#group.locality;
  }

  get traffic(): Traffic {
    return { ...this.#group.endpoint.traffic };
  }

  get account(): CallAccount {
    return this.#group.endpoint.account;
  }

  // ── point to point ───────────────────────────────────────────────────────────────────────────────────────────

  send(to: number, tag: number, data: NumericArray): Promise<void> {
    return sendMessage(this.#group, to, tag, data);
  }

  recv<T extends NumericArray>(from: number, tag: number, into: T): Promise<T> {
    return receiveMessage(this.#group, from, tag, into);
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

  barrier(): Promise<void> {
    return callBarrier(this.#group);
  }

  async broadcast<T extends NumericArray>(data: T, root = 0): Promise<T> {
    await callBroadcast(this.#group, data, root);
    return data;
  }

  async scatterv<T extends NumericArray>(
    all: T | undefined,
    counts: readonly number[],
    mine: T,
    root = 0,
  ): Promise<T> {
    await callScatter(this.#group, all, counts, mine, root);
    return mine;
  }

  gatherv<T extends NumericArray>(
    mine: T,
    counts: readonly number[],
    all: T | undefined,
    root = 0,
  ): Promise<void> {
    return callGather(this.#group, mine, counts, all, root);
  }

  async allgatherv<T extends NumericArray>(mine: T, counts: readonly number[], all: T): Promise<T> {
    await callAllgather(this.#group, mine, counts, all);
    return all;
  }

  async scatter<T extends NumericArray>(all: T | undefined, mine: T, root = 0): Promise<T> {
    return this.scatterv(all, this.#equal(mine.length), mine, root);
  }

  async gather<T extends NumericArray>(mine: T, all: T | undefined, root = 0): Promise<void> {
    return this.gatherv(mine, this.#equal(mine.length), all, root);
  }

  async allgather<T extends NumericArray>(mine: T, all: T): Promise<T> {
    return this.allgatherv(mine, this.#equal(mine.length), all);
  }

  async reduce<T extends NumericArray>(data: T, op: ReduceOp<T>, root = 0): Promise<T> {
    await callReduce(this.#group, data, op as ReduceOp, root);
    return data;
  }

  async allreduce<T extends NumericArray>(data: T, op: ReduceOp<T>): Promise<T> {
    await callAllreduce(this.#group, data, op as ReduceOp);
    return data;
  }

  async reduceScatter<T extends NumericArray>(
    data: T,
    op: ReduceOp<T>,
    counts: readonly number[],
    mine: T,
  ): Promise<T> {
    await callReduceScatter(this.#group, data, op as ReduceOp, counts, mine);
    return mine;
  }

  broadcastObject<V>(value: V | undefined, root = 0): Promise<V> {
    return callBroadcastObject(this.#group, value, root);
  }

  gatherObject<V>(value: V, root = 0): Promise<V[] | undefined> {
    return callGatherObject(this.#group, value, root);
  }

  allgatherObject<V>(value: V): Promise<V[]> {
    return callAllgatherObject(this.#group, value);
  }

  // ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────

  async split(color: number, key: number): Promise<Communicator | undefined> {
    const { endpoint, members } = this.#group;
    const plan = await callSplit(this.#group, color, key, endpoint.nextContext);
    endpoint.nextContext = plan.nextContext;
    if (plan.group === undefined) return undefined;
    const { ranks, context } = plan.group;
    const world = ranks.map((r) => members[r]!);
    return new GroupCommunicator(endpoint, world, ranks.indexOf(this.rank), context);
  }

  close(): Promise<void> {
    return this.#group.close();
  }

  /** Runs `body` as the next collective. Tests and benchmarks use it to run one algorithm whatever the size. */
  collective<R>(signature: Signature, body: (collective: Collective) => Promise<R>): Promise<R> {
    return this.#group.run(signature, body);
  }

  #equal(count: number): number[] {
    return new Array<number>(this.size).fill(count);
  }
}

import type { Collective, OnSegment } from "../../comm/calls/collective.js";
import { chunkedSum } from "../../comm/chunked-sum.js";
import { allgather } from "../../comm/collectives/allgather.js";
import { allreduce } from "../../comm/collectives/allreduce.js";
import { offsetsOf } from "../../comm/collectives/blocks.js";
import { broadcast } from "../../comm/collectives/broadcast.js";
import { groupOf } from "../../comm/collectives/cost.js";
import { broadcastMessage } from "../../comm/collectives/objects.js";
import type { Communicator, NumericArray } from "../../comm/communicator.js";
import { runsOf, type Call } from "../model/iteration.js";
import type { Fabric } from "./fabric.js";

/** Marks of messages: of collectives, and of sums, which go from point to point. */
const COLLECTIVE = 0;
const POINT_TO_POINT = 1;

/** Ranks that call each other: `size` of them from `first` on, each `step` behind the one before. */
export interface SimulatedGroup {
  readonly first: number;
  readonly step: number;
  readonly size: number;
}

/**
 * What the algorithms of src/comm are written against, on a fabric. They run as they are, with buffers whose contents nobody
 * looks at. That a sender waits until what it sent was read is left out.
 */
class SimulatedCollective implements Pick<Collective, "send" | "receive" | "receiveFold" | "receiveUnsized"> {
  readonly size: number;
  readonly locality;

  constructor(
    readonly rank: number,
    private readonly fabric: Fabric,
    private readonly group: SimulatedGroup,
  ) {
    const { ranksPerHost, memory } = fabric.network;
    const perHost = Math.max(1, Math.floor(ranksPerHost / group.step));
    this.size = group.size;
    this.locality = groupOf({ ranks: group.size, perHost, memory }).locality;
  }

  send(to: number, data: ArrayBufferView, begin?: number, end?: number): void {
    this.fabric.send(this.#own, member(this.group, to), COLLECTIVE, data.byteLength, begin, end);
  }

  receive(from: number, _into: ArrayBufferView, onSegment?: OnSegment): Promise<void> {
    return this.#read(from, onSegment);
  }

  receiveFold(from: number, _into: NumericArray, _fold: unknown, onSegment?: OnSegment): Promise<void> {
    return this.#read(from, onSegment);
  }

  async receiveUnsized(from: number): Promise<Uint8Array> {
    let size = 0;
    await this.#read(from, (_, end) => (size = end));
    return new Uint8Array(size);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  #read(from: number, onSegment?: OnSegment): Promise<void> {
    return receive(this.fabric, member(this.group, from), this.#own, COLLECTIVE, onSegment);
  }

  get #own(): number {
    return member(this.group, this.rank);
  }
}

/** Number i of a group, as the fabric counts ranks. */
function member({ first, step }: SimulatedGroup, i: number): number {
  return first + i * step;
}

export async function receive(
  fabric: Fabric,
  from: number,
  to: number,
  tag: number,
  onSegment?: OnSegment,
): Promise<void> {
  const box = fabric.mailbox(from, to, tag);
  for (let begin = 0, isLast = false; !isLast;) {
    const next = box.take();
    const arrival = next instanceof Promise ? await next : next;
    const end = begin + arrival.bytes;
    onSegment?.(begin, end);
    begin = end;
    isLast = arrival.isLast;
  }
}

/** A rank of the simulation, in a group. */
export class SimulatedRank {
  readonly communicator: Communicator;
  readonly #collective: Collective;
  readonly #size: number;

  /** @param rank within the group */
  constructor(
    readonly rank: number,
    fabric: Fabric,
    group: SimulatedGroup,
  ) {
    const own = member(group, rank);
    this.#size = group.size;
    // Algorithms see nothing of a collective but what SimulatedCollective has, a sum nothing of a communicator but this.
    this.#collective = new SimulatedCollective(rank, fabric, group) as unknown as Collective;
    this.communicator = {
      rank,
      size: group.size,
      locality: this.#collective.locality,
      account: { within: <T>(_call: string, work: () => Promise<T>) => work() },
      send: (to: number, _tag: number, data: NumericArray) => {
        fabric.send(own, member(group, to), POINT_TO_POINT, data.byteLength);
        return Promise.resolve();
      },
      recv: (from: number) => receive(fabric, member(group, from), own, POINT_TO_POINT),
      sendrecv: (to: number, _tag: number, data: NumericArray, from: number) => {
        fabric.send(own, member(group, to), POINT_TO_POINT, data.byteLength);
        return receive(fabric, member(group, from), own, POINT_TO_POINT);
      },
      broadcast: (data: NumericArray) => broadcast(this.#collective, data, 0),
    } as unknown as Communicator;
  }

  /** @param piece does piece i of the work that goes with the call, where this rank owns it */
  async call(call: Call, pieces: number, piece: (i: number) => Promise<void>): Promise<void> {
    switch (call.kind) {
      case "sum":
        return this.#sum(call, piece);
      case "allgather": {
        for (let i = this.rank; i < pieces; i += this.#size) await piece(i);
        const offsets = offsetsOf(runsOf(call.runs, this.#size));
        return allgather(this.#collective, offsets, new Uint8Array(offsets.at(-1)!));
      }
      case "allreduce":
        return allreduce(this.#collective, new Uint8Array(call.bytes), "sum");
      case "decision":
        return this.#decide(call.bytes);
    }
  }

  async #sum(
    { chunks, bytes, decision }: Call & { kind: "sum" },
    piece: (i: number) => Promise<void>,
  ): Promise<void> {
    const out = new Float32Array((bytes - Float64Array.BYTES_PER_ELEMENT) / 4);
    await chunkedSum(this.communicator, chunks, (chunk) => piece(chunk).then(() => 0), out);
    if (decision === undefined) return;
    await this.#decide(decision);
  }

  async #decide(bytes: number): Promise<void> {
    const verdict = this.rank === 0 ? new Uint8Array(bytes) : undefined;
    await broadcastMessage(this.#collective, verdict, 0);
  }
}

import { POINT_TO_POINT } from "../../comm/account.js";
import type { Communicator } from "../../comm/communicator.js";
import { sizeOf } from "../../data/dataset.js";
import { addFloat32 } from "../../linalg/sum-kernel.js";
import type { Vector } from "../../linalg/vector.js";
import type { StagePlan } from "../stages/plan.js";
import { Buffers } from "./buffers.js";

/*
 * What the stages of a pipeline tell each other of a micro-batch: activations to the stages that take them, cotangents
 * back, point to point (docs/algorithms.md §6). All crossings from one stage to another go in one message, in the
 * plan's order; messages under one tag arrive in order, so that micro-batches need no numbers.
 */

const ACTIVATIONS = 1;
const COTANGENTS = 2;

/** The crossings between this stage and another. */
interface Route {
  /** The other stage. */
  readonly stage: number;
  /** Which of the crossings that this stage gives (or takes). */
  readonly places: readonly number[];
  /** Numbers of a sample, of each of these and of all. */
  readonly sizes: readonly number[];
  readonly size: number;
}

/** Vectors to be written, (rows, …shape) each, which then leave. */
export interface Outgoing {
  readonly vectors: readonly Vector[];
  readonly send: () => void;
}

/** Vectors that have come, (rows, …shape) each; their memory is used again after `release`. */
export interface Arrived {
  readonly vectors: readonly Vector[];
  readonly release: () => void;
}

/** One stage's side of the exchange. */
export class Exchange {
  /** The stages that take what this one gives, and those that give what it takes, in order. */
  readonly #takers: readonly Route[];
  readonly #makers: readonly Route[];
  readonly #gives: number;
  readonly #takes: number;
  readonly #buffers = new Buffers();
  #sends: Promise<void>[] = [];

  /** @param pipeline whose rank s holds stage s */
  constructor(
    private readonly pipeline: Communicator,
    { crossings, stages }: StagePlan,
  ) {
    const { rank } = pipeline;
    const { gives, takes } = stages[rank]!;
    this.#gives = gives.length;
    this.#takes = takes.length;
    const between = (stage: number, own: readonly number[], theirs: readonly number[]): Route => {
      const places = [...own.keys()].filter((place) => theirs.includes(own[place]!));
      const sizes = places.map((place) => sizeOf(crossings[own[place]!]!.shape));
      return { stage, places, sizes, size: sizes.reduce((sum, size) => sum + size, 0) };
    };
    const others = [...stages.keys()];
    const some = ({ size }: Route) => size > 0;
    this.#takers = others.map((stage) => between(stage, gives, stages[stage]!.takes)).filter(some);
    this.#makers = others.map((stage) => between(stage, takes, stages[stage]!.gives)).filter(some);
  }

  /** What this stage gives of a micro-batch of so many samples. */
  activations(rows: number): Outgoing {
    return this.#outgoing(this.#takers, ACTIVATIONS, this.#gives, rows);
  }

  /** The gradients by what this stage takes of it. */
  cotangents(rows: number): Outgoing {
    return this.#outgoing(this.#makers, COTANGENTS, this.#takes, rows);
  }

  /** What this stage takes of the next micro-batch, which has so many samples. */
  async takeActivations(rows: number): Promise<Arrived> {
    return this.#take(this.#makers, ACTIVATIONS, this.#takes, rows);
  }

  /** The gradients by what this stage gives of it: sums over the stages that take it, in their order. */
  async takeCotangents(rows: number): Promise<Arrived> {
    return this.#take(this.#takers, COTANGENTS, this.#gives, rows);
  }

  /** Waits until all but the last `messages` that were sent have been read, or can be without this rank. */
  async settle(messages = 0): Promise<void> {
    const due = this.#sends.splice(0, Math.max(0, this.#sends.length - messages));
    if (due.length > 0) await this.pipeline.account.within(POINT_TO_POINT, () => Promise.all(due));
  }

  /** Messages of one micro-batch to later stages. */
  get activationMessages(): number {
    return this.#takers.length;
  }

  #outgoing(routes: readonly Route[], tag: number, count: number, rows: number): Outgoing {
    const messages = routes.map(({ size }) => this.#buffers.take(rows * size));
    const vectors = new Array<Vector>(count);
    const copies: [to: Vector, from: Vector][] = [];
    for (const [i, route] of routes.entries()) {
      for (const [place, part] of partsOf(route, messages[i]!, rows)) {
        const first = vectors[place];
        if (first === undefined) vectors[place] = part;
        else copies.push([part, first]); // another stage takes it too
      }
    }
    return {
      vectors,
      send: () => {
        for (const [to, from] of copies) to.set(from);
        for (const [i, { stage }] of routes.entries()) this.#send(stage, tag, messages[i]!);
      },
    };
  }

  #send(stage: number, tag: number, message: Vector): void {
    const send = this.pipeline.send(stage, tag, message).then(() => {
      this.#buffers.give(message);
    });
    send.catch(() => undefined); // should another call fail first, its error is the one to report
    this.#sends.push(send);
  }

  async #take(routes: readonly Route[], tag: number, count: number, rows: number): Promise<Arrived> {
    const messages: Vector[] = [];
    const vectors = new Array<Vector>(count);
    for (const route of routes) {
      const message = await this.pipeline.recv(route.stage, tag, this.#buffers.take(rows * route.size));
      messages.push(message);
      for (const [place, part] of partsOf(route, message, rows)) {
        const sum = vectors[place];
        if (sum === undefined) vectors[place] = part;
        else addFloat32(sum, part);
      }
    }
    return {
      vectors,
      release: () => {
        for (const message of messages) this.#buffers.give(message);
      },
    };
  }
}

/** The places of a route, with their parts of a message. */
function partsOf({ places, sizes }: Route, message: Vector, rows: number): [number, Vector][] {
  let at = 0;
  return places.map((place, i) => [place, message.subarray(at, (at += rows * sizes[i]!))]);
}

import type { Communicator } from "../../comm/communicator.js";
import type { Vector } from "../../linalg/vector.js";
import { disposeChunk, type Batch } from "../batch.js";
import type { Evaluator, Purpose } from "../evaluator.js";
import type { StagePlan } from "../stages/plan.js";
import { wholeTensors, type TensorPart } from "../tensor-part.js";
import { Exchange } from "./exchange.js";
import { MicroBatch } from "./micro-batch.js";
import { PassClock } from "./pass-clock.js";

/** What a rank needs to be a stage of a network. */
export interface StageParts {
  readonly plan: StagePlan;
  /** Of the stage's own model; its goal is the true one on the last stage, else ⟨c, F(h)⟩. */
  readonly evaluator: Evaluator;
  /** The stages of this replica: rank s holds stage s. */
  readonly pipeline: Communicator;
  /** This stage in all replicas. */
  readonly replicas: Communicator;
  /** Whether the results of a forward pass stay for the backward pass, which else computes them anew. */
  readonly retains: boolean;
}

/** The stage that this rank holds, h ↦ F(h; θ) and back, micro-batch by micro-batch (docs/algorithms.md §6). */
export class Stage {
  readonly evaluator: Evaluator;
  readonly pipeline: Communicator;
  readonly replicas: Communicator;
  readonly isLast: boolean;
  readonly retains: boolean;
  /** All parameters of the stage. */
  readonly everything: readonly TensorPart[];
  readonly clock = new PassClock();
  readonly #exchange: Exchange;
  readonly #taken: readonly (readonly number[])[];
  readonly #given: readonly (readonly number[])[];

  constructor({ plan, evaluator, pipeline, replicas, retains }: StageParts) {
    this.evaluator = evaluator;
    this.everything = wholeTensors(evaluator.layout);
    this.pipeline = pipeline;
    this.replicas = replicas;
    this.retains = retains;
    this.isLast = pipeline.rank === pipeline.size - 1;
    this.#exchange = new Exchange(pipeline, plan);
    const { takes, gives } = plan.stages[pipeline.rank]!;
    this.#taken = takes.map((crossing) => plan.crossings[crossing]!.shape);
    this.#given = gives.map((crossing) => plan.crossings[crossing]!.shape);
  }

  /** Stages behind this one: how many micro-batches it is ahead of the backward pass. */
  get behind(): number {
    return this.pipeline.size - 1 - this.pipeline.rank;
  }

  /** Micro-batch c, as soon as what earlier stages give of it has come. */
  async take(batch: Batch, c: number): Promise<MicroBatch> {
    const { rows } = batch.chunk(c);
    const arrived = await this.#exchange.takeActivations(rows);
    const h = arrived.vectors.map((values, i) => this.evaluator.place(values, [rows, ...this.#taken[i]!]));
    arrived.release();
    return new MicroBatch(batch, c, h);
  }

  /** Passes F(h) on to later stages. */
  async forward(micro: MicroBatch, purpose: Purpose = "training"): Promise<void> {
    const activations = this.#exchange.activations(micro.rows);
    await this.clock.computing(() => this.evaluator.forward(micro, activations.vectors, purpose));
    activations.send();
  }

  /** The same, and out (statisticsSize,) ← `weight` times the statistics of its batch normalisations. */
  async measure(micro: MicroBatch, weight: number, out: Vector): Promise<void> {
    if (out.length === 0) {
      if (!this.isLast) await this.forward(micro);
      return;
    }
    const activations = this.#exchange.activations(micro.rows);
    const results = this.isLast ? undefined : activations.vectors;
    await this.evaluator.statistics(micro, weight, out, results);
    activations.send();
  }

  /** Waits for c = ∂f/∂F(h), on all stages but the last. */
  async takeCotangents(micro: MicroBatch): Promise<void> {
    const { rows } = micro;
    const arrived = await this.#exchange.takeCotangents(rows);
    const places = arrived.vectors.map((values, i) =>
      this.evaluator.place(values, [rows, ...this.#given[i]!]),
    );
    arrived.release();
    micro.setCotangents(places);
  }

  /**
   * out ← the gradient by θ of `weight` times the stage's loss, + out where `add`; returns the loss, passes the gradient by h on to
   * earlier stages.
   */
  async backward(micro: MicroBatch, weight: number, out: Vector, add: boolean): Promise<number> {
    const { evaluator } = this;
    const cotangents = this.#exchange.cotangents(micro.rows);
    // Nobody asks for the gradient by samples, which come first.
    const samples = new Array<undefined>(micro.inputs.length - cotangents.vectors.length).fill(undefined);
    const byInput = [...samples, ...cotangents.vectors];
    const loss = await this.clock.computing(() =>
      evaluator.gradient(micro, weight, this.everything, out, byInput, add),
    );
    cotangents.send();
    return loss;
  }

  /** What the loss of this stage is times, on a batch of so many samples: cotangents have the factor already. */
  weight(rows: number): number {
    return this.isLast ? 1 / rows : 1;
  }

  /** Lets later stages be as far behind as in the backward pass, and no further. */
  holdBack(): Promise<void> {
    return this.#exchange.settle(this.behind * this.#exchange.activationMessages);
  }

  /** Waits until everything sent has been read. */
  settle(): Promise<void> {
    return this.#exchange.settle();
  }

  release(micro: MicroBatch): void {
    disposeChunk(micro.held, this.evaluator.memory);
  }
}

import type { tf } from "../compute/tensorflow.js";
import type { VectorSpace } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { BatchKey, Problem } from "../methods/problem.js";
import type { Batch, Preparation } from "./batch.js";
import type { Goal } from "./goal/goal.js";
import type { ParameterLayout } from "./layout.js";
import type { Batches } from "./quality.js";
import type { Scores } from "./scores.js";

/** How often f was evaluated, by this rank's part in global evaluations and by its local solves. */
export class EvaluationCount {
  globalLosses = 0;
  globalGradients = 0;
  localLosses = 0;
  localGradients = 0;
}

/** f on one batch, whose samples can be looked at. */
export interface BatchProblem extends Problem {
  readonly batch: Batch;
}

/**
 * What a run sees of the network on this rank: the network, or the stage of it that is held here. Vectors are those of
 * the parameters held here, and `space` completes what is computed of them. All that evaluates is collective: every rank
 * makes the same calls.
 */
export interface RankNetwork {
  /** Of the parameters held here. */
  readonly layout: ParameterLayout;
  /** Where θ lives; its dimension is n, of the whole network. */
  readonly space: VectorSpace;
  /** Of the whole network. */
  readonly goal: Goal;
  /** What of samples is to be gathered for the layers held here, and where. */
  readonly reading: Pick<Preparation, "reads" | "memory">;
  /** Whether the network has layers that are random in training, here or elsewhere. */
  readonly isRandom: boolean;
  /** Whether it has layers that predict with running statistics, here or elsewhere. */
  readonly hasStatistics: boolean;
  /** Of this rank; whoever reads it sets it back. */
  readonly count: EvaluationCount;
  /** θ⁰: the parameters held here as the model came with them. */
  parameters(): Vector;
  /** From now on random layers draw what belongs to step number `step`; at first 0. */
  setStep(step: number): void;
  /**
   * Makes sure that chunks of so many samples can be evaluated here.
   * @throws UsageError that says what memory it takes
   */
  checkChunk(rows: number): void;
  /** The mean loss on `batch`, and the penalty of regularisers. */
  problem(key: BatchKey, batch: Batch): BatchProblem;
  /** The running statistics held here that go with θ, of these samples; null where none are held here. Collective. */
  statistics(batches: Batches, theta: Vector): Promise<Vector | null>;
  /** Makes these the running statistics held here. */
  setStatistics(statistics: Vector): void;
  /** Loss and metrics of θ, which is read at once, on a data set, all of whose batches together are it. Collective. */
  score(batches: Batches, theta: Vector): Promise<Scores>;
  /** The layers held here, with θ and the running statistics written into them. */
  exportModel(theta: Vector): tf.LayersModel;
}

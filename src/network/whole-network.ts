import { chunkedSum } from "../comm/chunked-sum.js";
import type { tf } from "../compute/tensorflow.js";
import { wholeSpace, type VectorSpace } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { Batch, Preparation } from "./batch.js";
import type { Goal } from "./goal/goal.js";
import type { ParameterLayout } from "./layout.js";
import { NetworkProblem, type NetworkParts } from "./problem.js";
import { qualityOf, type Batches } from "./quality.js";
import { EvaluationCount, type RankNetwork } from "./rank-network.js";
import { meanStatistics } from "./running-statistics.js";
import type { Scores } from "./scores.js";

/** A network that is whole on every rank: the ranks share the chunks of batches (docs/algorithms.md §9). */
export class WholeNetwork implements RankNetwork {
  readonly layout: ParameterLayout;
  readonly space: VectorSpace;
  readonly goal: Goal;
  readonly reading: Pick<Preparation, "memory">;
  readonly isRandom: boolean;
  readonly hasStatistics: boolean;
  readonly count = new EvaluationCount();
  readonly #parts: NetworkParts;

  constructor(parts: Omit<NetworkParts, "count">) {
    const { evaluator } = parts;
    this.#parts = { ...parts, count: this.count };
    this.layout = evaluator.layout;
    this.space = wholeSpace(evaluator.layout.dimension);
    this.goal = evaluator.goal;
    this.reading = { memory: evaluator.memory };
    this.isRandom = evaluator.isRandom;
    this.hasStatistics = evaluator.statisticsSize > 0;
  }

  parameters(): Vector {
    return this.#parts.evaluator.parameters();
  }

  setStep(step: number): void {
    this.#parts.evaluator.setStep(step);
  }

  checkChunk(rows: number): void {
    this.#parts.evaluator.checkChunk(rows);
  }

  problem(key: string, batch: Batch): NetworkProblem {
    return new NetworkProblem(key, batch, this.#parts);
  }

  async statistics(batches: Batches, theta: Vector): Promise<Vector | null> {
    if (!this.hasStatistics) return null;
    const { evaluator, comm } = this.#parts;
    evaluator.setParameters(theta);
    return meanStatistics(evaluator.statisticsSize, batches, async (batch, out) => {
      const measure = async (c: number, partial: Vector) => {
        const chunk = batch.chunk(c);
        await evaluator.statistics(chunk, chunk.rows / batch.rows, partial);
        return 0;
      };
      await chunkedSum(comm, batch.chunks, measure, out);
    });
  }

  setStatistics(statistics: Vector): void {
    this.#parts.evaluator.setStatistics(statistics);
  }

  async score(batches: Batches, theta: Vector): Promise<Scores> {
    const { evaluator, comm } = this.#parts;
    return qualityOf(evaluator, comm, batches, theta);
  }

  exportModel(theta: Vector): tf.LayersModel {
    const { evaluator } = this.#parts;
    evaluator.setParameters(theta);
    return evaluator.exportModel();
  }
}

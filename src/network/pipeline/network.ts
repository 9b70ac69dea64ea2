import type { tf } from "../../compute/tensorflow.js";
import { distributedSpace } from "../../comm/vector-space.js";
import type { VectorSpace } from "../../linalg/space.js";
import type { Vector } from "../../linalg/vector.js";
import type { BatchKey } from "../../methods/problem.js";
import type { Batch, Preparation } from "../batch.js";
import type { Goal } from "../goal/goal.js";
import type { ParameterLayout } from "../layout.js";
import type { Penalty } from "../penalty.js";
import { totalsOf, type Batches } from "../quality.js";
import { EvaluationCount, type RankNetwork } from "../rank-network.js";
import { meanStatistics } from "../running-statistics.js";
import { scoresOf, type Scores } from "../scores.js";
import { Boundary } from "./boundary.js";
import { scorePass, statisticsPass } from "./passes.js";
import type { PassClock } from "./pass-clock.js";
import { PipelineProblem } from "./problem.js";
import { Stage, type StageParts } from "./stage.js";

export interface PipelineNetworkParts extends StageParts {
  /** Of the whole network. */
  readonly goal: Goal;
  /** What regularisers of the stage's own layers add to f. */
  readonly penalty: Penalty | undefined;
  /** Whether the method solves local problems. */
  readonly solvesLocally: boolean;
}

/** A network in stages, of which this rank holds one (docs/algorithms.md §6). */
export class PipelineNetwork implements RankNetwork {
  readonly layout: ParameterLayout;
  readonly space: VectorSpace;
  readonly goal: Goal;
  readonly reading: Pick<Preparation, "reads" | "memory">;
  readonly isRandom: boolean;
  readonly hasStatistics: boolean;
  readonly count = new EvaluationCount();
  readonly #stage: Stage;
  readonly #parts: PipelineNetworkParts;
  readonly #boundary: Boundary | undefined;

  private constructor(
    parts: PipelineNetworkParts,
    { dimension, isRandom, hasStatistics }: { dimension: number; isRandom: boolean; hasStatistics: boolean },
  ) {
    const { plan, pipeline, evaluator, goal, solvesLocally } = parts;
    this.#parts = parts;
    this.#stage = new Stage(parts);
    this.#boundary = solvesLocally ? new Boundary(this.#stage) : undefined;
    this.layout = evaluator.layout;
    this.space = distributedSpace(pipeline, dimension);
    this.goal = goal;
    const reads = { inputs: plan.stages[pipeline.rank]!.modelInputs, targets: this.#stage.isLast };
    this.reading = { reads, memory: evaluator.memory };
    this.isRandom = isRandom;
    this.hasStatistics = hasStatistics;
  }

  /** Collective. */
  static async create(parts: PipelineNetworkParts): Promise<PipelineNetwork> {
    const { evaluator, pipeline } = parts;
    const own = [evaluator.layout.dimension, Number(evaluator.isRandom), evaluator.statisticsSize];
    const [dimension, random, statistics] = await pipeline.allreduce(Float64Array.from(own), "sum");
    return new PipelineNetwork(parts, {
      dimension: dimension!,
      isRandom: random! > 0,
      hasStatistics: statistics! > 0,
    });
  }

  get clock(): PassClock {
    return this.#stage.clock;
  }

  parameters(): Vector {
    return this.#stage.evaluator.parameters();
  }

  setStep(step: number): void {
    this.#stage.evaluator.setStep(step);
  }

  checkChunk(rows: number): void {
    this.#stage.evaluator.checkChunk(rows);
  }

  problem(key: BatchKey, batch: Batch): PipelineProblem {
    const { penalty } = this.#parts;
    const { space, count } = this;
    return new PipelineProblem(key, batch, {
      stage: this.#stage,
      space,
      penalty,
      count,
      boundary: this.#boundary,
    });
  }

  async statistics(batches: Batches, theta: Vector): Promise<Vector | null> {
    if (!this.hasStatistics) return null;
    const { evaluator } = this.#stage;
    evaluator.setParameters(theta);
    const measured = await meanStatistics(evaluator.statisticsSize, batches, (batch, out) =>
      statisticsPass(this.#stage, batch, out),
    );
    return measured.length === 0 ? null : measured;
  }

  setStatistics(statistics: Vector): void {
    this.#stage.evaluator.setStatistics(statistics);
  }

  async score(batches: Batches, theta: Vector): Promise<Scores> {
    const { goal } = this;
    this.#stage.evaluator.setParameters(theta);
    const { totals, rows } = await totalsOf(goal, batches, (batch, sums) =>
      scorePass(this.#stage, batch, sums),
    );
    const { pipeline } = this.#stage;
    await pipeline.broadcast(totals, pipeline.size - 1);
    return scoresOf(goal, totals, rows);
  }

  exportModel(theta: Vector): tf.LayersModel {
    const { evaluator } = this.#stage;
    evaluator.setParameters(theta);
    return evaluator.exportModel();
  }
}

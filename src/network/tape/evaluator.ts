import { tf } from "../../compute/tensorflow.js";
import { addFloat32 } from "../../linalg/sum-kernel.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk, Evaluator, EvaluatorOptions, Purpose, TensorChunk } from "../evaluator.js";
import type { Goal, OutputGoal } from "../goal/goal.js";
import { randomPartsOf } from "../inspect/random.js";
import type { ParameterLayout } from "../layout.js";
import { Noise } from "../noise.js";
import { layoutOf } from "../parameters.js";
import { wantedInputs } from "../wanted-inputs.js";
import { scoreRows, sumsAt, sumsOf } from "../scores.js";
import type { TensorPart } from "../tensor-part.js";
import { ActivityPenalties } from "./activity.js";
import { BatchStatistics } from "./batch-statistics.js";
import { withoutFolded } from "./folding.js";
import { lossAndGradients } from "./gradients.js";
import { differentiateTwice } from "./higher-order.js";
import { RandomLayers } from "./random.js";

/**
 * Evaluates by TensorFlow.js's own operations and its gradient tape: every layer, on every backend, and the reference
 * for the faster ones. The model's own variables are the working copy of θ.
 */
export class TapeEvaluator implements Evaluator {
  readonly layout: ParameterLayout;
  readonly blockRows = Infinity;
  readonly #variables: tf.Variable[];
  readonly #batchStatistics: BatchStatistics;
  readonly #activity: ActivityPenalties;
  readonly #noise: Noise;
  readonly #random: RandomLayers;

  #theta: Vector;

  private constructor(
    private readonly model: tf.LayersModel,
    readonly goal: Goal,
    readonly description: string,
    { layout, variables }: ReturnType<typeof layoutOf>,
    theta: Vector,
    { seed = 0, randomLayers }: Pick<EvaluatorOptions, "seed" | "randomLayers">,
  ) {
    this.layout = layout;
    this.#variables = variables;
    this.#theta = theta;
    this.#batchStatistics = new BatchStatistics(model);
    this.#activity = new ActivityPenalties(model);
    const parts = randomPartsOf(model);
    this.#noise = new Noise(seed, parts.layers.size + parts.cells.size, randomLayers);
    this.#random = new RandomLayers(parts, this.#noise);
  }

  /** @param description how it computes, for people */
  static async create(
    model: tf.LayersModel,
    goal: Goal,
    description: string,
    options: Pick<EvaluatorOptions, "seed" | "randomLayers"> = {},
  ): Promise<TapeEvaluator> {
    if (goal.objective) differentiateTwice();
    const { layout, variables } = layoutOf(model);
    const theta = new Float32Array(layout.dimension);
    for (const [i, { offset }] of layout.slots.entries()) {
      theta.set(await variables[i]!.data<"float32">(), offset);
    }
    return new TapeEvaluator(model, goal, description, { layout, variables }, theta, options);
  }

  checkChunk(): void {
    // TensorFlow.js cannot say how much memory a chunk takes.
  }

  get isRandom(): boolean {
    return this.#random.count > 0;
  }

  setStep(step: number): void {
    this.#noise.step = step;
  }

  parameters(): Vector {
    return this.#theta.slice();
  }

  setParameters(theta: Vector): void {
    this.#theta = theta.slice();
    this.layout.slots.forEach(({ offset, size, shape }, i) => {
      const value = tf.tensor(theta.slice(offset, offset + size), [...shape]);
      this.#variables[i]!.assign(value);
      value.dispose();
    });
  }

  exportModel(): tf.LayersModel {
    return this.model;
  }

  async loss(chunk: Chunk, weight: number): Promise<number> {
    expectTensors(chunk);
    const total = tf.tidy(() => this.#weightedLoss(chunk, weight));
    const value = (await total.data<"float32">())[0]!;
    total.dispose();
    return value;
  }

  async gradient(
    chunk: Chunk,
    weight: number,
    wanted: readonly TensorPart[],
    out: Vector,
    byInput?: readonly (Vector | undefined)[],
    add = false,
  ): Promise<number> {
    const ofInputs = wantedInputs(byInput);
    if (wanted.length + ofInputs.length === 0) return this.loss(chunk, weight);
    expectTensors(chunk);
    const variables = wanted.map(({ tensor }) => this.#variables[tensor]!);
    const { slots } = this.layout;
    const { rows, samples, inputs, targets } = chunk;
    const loss = (seen: readonly tf.Tensor[]) =>
      this.#weightedLoss({ rows, samples, inputs: seen, targets }, weight);
    const packed = lossAndGradients(loss, variables, inputs, ofInputs);
    const values = await packed.data<"float32">();
    packed.dispose();
    let at = 1;
    for (const { tensor } of wanted) {
      const { offset, size } = slots[tensor]!;
      const gradient = values.subarray(at, (at += size));
      if (add) addFloat32(out.subarray(offset, offset + size), gradient);
      else out.set(gradient, offset);
    }
    for (const i of ofInputs) byInput![i]!.set(values.subarray(at, (at += chunk.inputs[i]!.size)));
    return values[0]!;
  }

  async forward(chunk: Chunk, out: readonly Vector[], purpose: Purpose = "training"): Promise<void> {
    expectTensors(chunk);
    const results = tf.tidy(() => {
      if (purpose === "inference") return withoutFolded(this.goal, () => this.#apply(chunk, false));
      return this.#training(chunk, () => this.#apply(chunk, true)).result;
    });
    for (const [i, result] of results.entries()) out[i]!.set(await result.data<"float32">());
    tf.dispose(results);
  }

  place(values: Vector, shape: readonly number[]): tf.Tensor {
    return tf.tensor(values.slice(), [...shape]);
  }

  async score(chunk: Chunk, sums: Vector): Promise<void> {
    expectTensors(chunk);
    const { outputs, objective } = this.goal;
    const total = new Float64Array(sumsOf(this.goal));
    if (objective) {
      const own = tf.tidy(() => this.#ownObjective(chunk));
      sums[0] = chunk.rows * (await own.data<"float32">())[0]!;
      own.dispose();
      return;
    }
    const results = tf.tidy(() => withoutFolded(this.goal, () => this.#apply(chunk, false)));
    for (const [i, output] of outputs.entries()) {
      const values = results[i]!;
      const target = chunk.targets[i]!;
      const at = sumsAt(this.goal, i);
      const copy = Float32Array.from(await values.data<"float32">());
      const y = await target.values.data<"float32">();
      scoreRows(output, y, copy, chunk.rows, values.shape.at(-1)!, total, at);
      if (output.reported.ofRow) continue;
      const own = tf.tidy(() => tf.mean(output.reported.ofTensors(target.values, values)));
      total[at] = chunk.rows * (await own.data<"float32">())[0]!;
      own.dispose();
    }
    tf.dispose(results);
    sums.set(total);
  }

  get statisticsSize(): number {
    return this.#batchStatistics.size;
  }

  async statistics(chunk: Chunk, weight: number, out: Vector, results?: readonly Vector[]): Promise<void> {
    expectTensors(chunk);
    if (results) await this.forward(chunk, results);
    const measured = await this.#batchStatistics.measure(() =>
      this.#random.use(chunk.samples, () => this.#apply(chunk, true)),
    );
    measured.forEach((value, i) => (out[i] = weight * value));
  }

  setStatistics(statistics: Vector): void {
    this.#batchStatistics.set(statistics);
  }

  dispose(): void {
    // The variables are the model's.
  }

  /** Runs `evaluate` with the model as it is in training. */
  #training<T>(chunk: TensorChunk, evaluate: () => T) {
    return withoutFolded(this.goal, () =>
      this.#random.use(chunk.samples, () => this.#batchStatistics.use(() => this.#activity.during(evaluate))),
    );
  }

  /** What the model's outputs are. */
  #apply({ inputs }: TensorChunk, training: boolean): tf.Tensor[] {
    const made = this.model.apply(inputs.length === 1 ? inputs[0]! : [...inputs], { training });
    return (Array.isArray(made) ? made : [made]) as tf.Tensor[];
  }

  /** The mean over the chunk of an objective of one's own. */
  #ownObjective({ inputs, targets }: TensorChunk): tf.Scalar {
    const values = targets.map((target) => target.values);
    return tf.mean(this.goal.objective!({ tf, model: this.model, inputs, targets: values }));
  }

  #weightedLoss(chunk: TensorChunk, weight: number): tf.Scalar {
    if (this.goal.objective) {
      const { result, penalty } = this.#training(chunk, () => this.#ownObjective(chunk));
      const mean = tf.mul(result, weight * chunk.rows);
      return (penalty ? tf.add(mean, tf.mul(penalty, weight)) : mean) as tf.Scalar;
    }
    const { result, penalty } = this.#training(chunk, () => this.#apply(chunk, true));
    const losses = this.goal.outputs.map((output, i) =>
      tf.mul(lossOf(output, chunk.targets[i]!, result[i]!), output.weight * weight * chunk.rows),
    );
    return tf.addN(penalty ? [...losses, tf.mul(penalty, weight)] : losses) as tf.Scalar;
  }
}

/** The heap's arrays are for networks that are compiled. */
function expectTensors(chunk: Chunk): asserts chunk is TensorChunk {
  const { inputs, targets } = chunk;
  const places = [...inputs, ...targets.flatMap(({ values, weights }) => [values, weights])];
  if (places.some((place) => place !== undefined && !(place instanceof tf.Tensor)))
    throw new TypeError("Expected a chunk of tensors, got one of arrays on the WebAssembly heap.");
}

/** The mean of an output's losses, weighted. */
function lossOf(
  { loss }: OutputGoal,
  { values: y, weights }: TensorChunk["targets"][number],
  p: tf.Tensor,
): tf.Tensor {
  const each = loss.ofTensors(y, p);
  if (!weights) return tf.mean(each);
  const trailing = new Array<number>(Math.max(0, each.rank - weights.rank)).fill(1);
  return tf.mean(tf.mul(each, tf.reshape(weights, [...weights.shape, ...trailing])));
}

import { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import { BatchStatistics } from "./batch-statistics.js";
import type { Chunk, Evaluator, Score } from "./evaluator.js";
import { endingOf } from "./inspect/output.js";
import type { TensorPart } from "./tensor-part.js";
import type { ParameterLayout } from "./layout.js";
import { layoutOf } from "./parameters.js";

/**
 * Evaluates by TensorFlow.js's own operations and its gradient tape: every layer, on every backend, and the reference
 * for the faster ones. The model's own variables are the working copy of θ.
 */
export class TapeEvaluator implements Evaluator {
  readonly layout: ParameterLayout;
  readonly blockRows = Infinity;
  readonly #variables: tf.Variable[];
  readonly #batchStatistics: BatchStatistics;
  readonly #logits: (x: tf.Tensor) => tf.Tensor2D;

  #theta: Vector;

  private constructor(
    private readonly model: tf.LayersModel,
    readonly description: string,
    layout: ParameterLayout,
    variables: tf.Variable[],
    theta: Vector,
  ) {
    this.layout = layout;
    this.#variables = variables;
    this.#theta = theta;
    this.#batchStatistics = new BatchStatistics(model);
    this.#logits = logitsOf(model);
  }

  /** @param description how it computes, for people */
  static async create(model: tf.LayersModel, description: string): Promise<TapeEvaluator> {
    const { layout, variables } = layoutOf(model);
    const theta = new Float32Array(layout.dimension);
    for (const [i, { offset }] of layout.slots.entries()) {
      theta.set(await variables[i]!.data<"float32">(), offset);
    }
    return new TapeEvaluator(model, description, layout, variables, theta);
  }

  checkChunk(): void {
    // TensorFlow.js cannot say how much memory a chunk takes.
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
    const total = tf.tidy(() => this.#weightedLoss(chunk, weight));
    const value = (await total.data<"float32">())[0]!;
    total.dispose();
    return value;
  }

  async gradient(chunk: Chunk, weight: number, wanted: readonly TensorPart[], out: Vector): Promise<number> {
    if (wanted.length === 0) return this.loss(chunk, weight);
    const variables = wanted.map(({ tensor }) => this.#variables[tensor]!);
    const { slots } = this.layout;
    // Loss and gradients in one tensor: they are read back at once.
    const packed = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => this.#weightedLoss(chunk, weight), variables);
      return tf.concat([value, ...variables.map(({ name }) => grads[name]!)].map((x) => tf.reshape(x, [-1])));
    });
    const values = await packed.data<"float32">();
    packed.dispose();
    let at = 1;
    for (const { tensor } of wanted) {
      const { offset, size } = slots[tensor]!;
      out.set(values.subarray(at, (at += size)), offset);
    }
    return values[0]!;
  }

  async score(chunk: Chunk): Promise<Score> {
    const sums = tf.tidy(() => {
      const logits = this.#logits(chunk.x);
      const hits = tf.equal(tf.argMax(logits, 1), tf.argMax(chunk.y, 1));
      return tf.stack([tf.sum(crossEntropy(logits, chunk.y)), tf.sum(tf.cast(hits, "float32"))]);
    });
    const [loss, correct] = await sums.data<"float32">();
    sums.dispose();
    return { loss: loss!, correct: correct! };
  }

  get statisticsSize(): number {
    return this.#batchStatistics.size;
  }

  async statistics(chunk: Chunk, weight: number, out: Vector): Promise<void> {
    const measured = await this.#batchStatistics.measure(() => this.#logits(chunk.x));
    measured.forEach((value, i) => (out[i] = weight * value));
  }

  setStatistics(statistics: Vector): void {
    this.#batchStatistics.set(statistics);
  }

  dispose(): void {
    // The variables are the model's.
  }

  #weightedLoss(chunk: Chunk, weight: number): tf.Scalar {
    const logits = this.#batchStatistics.use(() => this.#logits(chunk.x));
    return tf.mul(tf.sum(crossEntropy(logits, chunk.y)), weight);
  }
}

/** The model as a function, without a softmax at its end: that is left out for the time of a call only. */
function logitsOf(model: tf.LayersModel): (x: tf.Tensor) => tf.Tensor2D {
  const apply = (x: tf.Tensor) => model.apply(x, { training: false }) as tf.Tensor2D;
  const ending = endingOf(model, `"${model.name}"`);
  switch (ending.kind) {
    case "logits":
      return apply;
    case "softmax layer": {
      const layer = ending.layer as unknown as { call: (inputs: tf.Tensor | tf.Tensor[]) => tf.Tensor };
      const identity = (inputs: tf.Tensor | tf.Tensor[]) =>
        tf.clone(Array.isArray(inputs) ? inputs[0]! : inputs);
      return (x) => {
        layer.call = identity;
        try {
          return apply(x);
        } finally {
          Reflect.deleteProperty(layer, "call"); // back to the class's own
        }
      };
    }
    case "softmax activation": {
      const layer = ending.layer as unknown as { activation: unknown };
      const { activation: linear } = tf.layers.activation({
        activation: "linear",
      }) as unknown as typeof layer;
      return (x) => {
        const { activation } = layer;
        layer.activation = linear;
        try {
          return apply(x);
        } finally {
          layer.activation = activation;
        }
      };
    }
    default:
      return ending satisfies never;
  }
}

/** −Σ_j y_j log softmax(z)_j for every row: (rows, classes) → (rows). */
function crossEntropy(logits: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor1D {
  return tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1));
}

import { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import { BatchStatistics } from "./batch-statistics.js";
import type { Chunk, Evaluator, Score } from "./evaluator.js";
import type { TensorPart } from "./tensor-part.js";
import { layoutOf, type ParameterLayout } from "./layout.js";

/**
 * Evaluates by TensorFlow.js's own operations and its gradient tape: every layer, on every backend, and the reference
 * for the faster ones. The model's own variables are the working copy of θ.
 */
export class TapeEvaluator implements Evaluator {
  readonly layout: ParameterLayout;
  /** TensorFlow.js cannot say how much memory a chunk takes. */
  readonly mostRows = Infinity;
  readonly #variables: tf.Variable[];
  readonly #batchStatistics: BatchStatistics;
  readonly #logits: (x: tf.Tensor) => tf.Tensor2D;

  constructor(
    private readonly model: tf.LayersModel,
    readonly description: string,
  ) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#variables = variables;
    this.#batchStatistics = new BatchStatistics(model);
    this.#logits = logitsOf(model);
  }

  parameters(): Vector {
    const theta = new Float32Array(this.layout.dimension);
    this.layout.slots.forEach(({ offset }, i) => {
      theta.set(this.#variables[i]!.dataSync<"float32">(), offset);
    });
    return theta;
  }

  setParameters(theta: Vector): void {
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
    const { value, grads } = tf.tidy(() =>
      tf.variableGrads(() => this.#weightedLoss(chunk, weight), variables),
    );
    for (const { tensor } of wanted) {
      const grad = grads[this.#variables[tensor]!.name]!;
      out.set(await grad.data<"float32">(), this.layout.slots[tensor]!.offset);
      grad.dispose();
    }
    const loss = (await value.data<"float32">())[0]!;
    value.dispose();
    return loss;
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

  statistics(chunk: Chunk, weight: number, out: Vector): Promise<void> {
    const measured = this.#batchStatistics.measure(() => this.#logits(chunk.x));
    measured.forEach((value, i) => (out[i] = weight * value));
    return Promise.resolve();
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

/** The model as a function, without a softmax at its end. */
function logitsOf(model: tf.LayersModel): (x: tf.Tensor) => tf.Tensor2D {
  const output = model.outputs[0]!;
  const last = output.sourceLayer;
  const apply = (m: tf.LayersModel) => (x: tf.Tensor) => m.apply(x, { training: false }) as tf.Tensor2D;
  const isSoftmax = last.getClassName() === "Softmax" || last.getConfig()["activation"] === "softmax";
  if (!isSoftmax) return apply(model);
  if (["Softmax", "Activation"].includes(last.getClassName())) {
    return apply(tf.model({ inputs: model.inputs, outputs: output.inputs[0]! }));
  }
  // A layer with the softmax built in: linear for the time of the call only, so that it is saved as it was.
  const layer = last as unknown as { activation: unknown };
  const { activation: linear } = tf.layers.activation({ activation: "linear" }) as unknown as typeof layer;
  return (x) => {
    const { activation } = layer;
    layer.activation = linear;
    try {
      return apply(model)(x);
    } finally {
      layer.activation = activation;
    }
  };
}

/** −Σ_j y_j log softmax(z)_j for every row: (rows, classes) → (rows). */
function crossEntropy(logits: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor1D {
  return tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1));
}

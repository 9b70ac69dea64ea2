import { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import { layoutOf, type ParameterLayout } from "./layout.js";

/** A piece of a batch on the backend. */
export interface Chunk {
  /** (rows, ...sampleShape), normalised */
  readonly x: tf.Tensor;
  /** (rows, classes), one-hot float32 */
  readonly y: tf.Tensor2D;
  readonly rows: number;
}

/** What a forward pass over a labelled chunk says of the model's quality. */
export interface Score {
  /** Σ of the per-sample losses. */
  readonly loss: number;
  /** Samples whose largest logit is their label's. */
  readonly correct: number;
}

/**
 * Evaluates softmax cross-entropy and its gradient for a LayersModel whose output is logits, chunk by chunk.
 * The model's own variables are the working copy of θ.
 */
export class NetworkEvaluator {
  readonly layout: ParameterLayout;
  readonly #variables: tf.Variable[];

  constructor(readonly model: tf.LayersModel) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#variables = variables;
  }

  /** θ (n,) as it stands in the model. */
  parameters(): Vector {
    const theta = new Float32Array(this.layout.dimension);
    this.layout.slots.forEach(({ offset }, i) => {
      theta.set(this.#variables[i]!.dataSync<"float32">(), offset);
    });
    return theta;
  }

  /** Writes θ (n,) into the model. */
  setParameters(theta: Vector): void {
    this.layout.slots.forEach(({ offset, size, shape }, i) => {
      const value = tf.tensor(theta.slice(offset, offset + size), [...shape]);
      this.#variables[i]!.assign(value);
      value.dispose();
    });
  }

  /** Σ over the chunk's rows of `weight` times the sample's loss. */
  async loss(chunk: Chunk, weight: number): Promise<number> {
    const total = tf.tidy(() => this.#weightedLoss(chunk, weight));
    const value = (await total.data<"float32">())[0]!;
    total.dispose();
    return value;
  }

  /**
   * out ← the gradient of `loss(chunk, weight)` with respect to the tensors numbered in `wanted`, at their places in
   * θ; the rest of `out` (n,) is left alone. Returns the loss.
   */
  async gradient(chunk: Chunk, weight: number, wanted: readonly number[], out: Vector): Promise<number> {
    const variables = wanted.map((i) => this.#variables[i]!);
    const { value, grads } = tf.tidy(() =>
      tf.variableGrads(() => this.#weightedLoss(chunk, weight), variables),
    );
    for (const i of wanted) {
      const grad = grads[this.#variables[i]!.name]!;
      out.set(await grad.data<"float32">(), this.layout.slots[i]!.offset);
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

  #logits(x: tf.Tensor): tf.Tensor2D {
    return this.model.apply(x, { training: false }) as tf.Tensor2D;
  }

  #weightedLoss(chunk: Chunk, weight: number): tf.Scalar {
    return tf.mul(tf.sum(crossEntropy(this.#logits(chunk.x), chunk.y)), weight);
  }
}

/** −Σ_j y_j log softmax(z)_j for every row: (rows, classes) → (rows). */
function crossEntropy(logits: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor1D {
  return tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1));
}

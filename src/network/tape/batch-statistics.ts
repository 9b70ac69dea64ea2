import { tf } from "../../compute/tensorflow.js";
import { isFrozen, layersOf } from "../inspect/graph.js";

interface Statistic {
  read(): tf.Tensor;
  write(value: tf.Tensor): void;
}

/** What of TensorFlow.js's BatchNormalization is used here. */
interface BatchNormalization {
  momentum: number;
  /** Undefined where the layer does not scale, or shift. */
  gamma?: Statistic | undefined;
  beta?: Statistic | undefined;
  readonly movingMean: Statistic;
  readonly movingVariance: Statistic;
  call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor | tf.Tensor[];
}

/**
 * The batch normalisations of a model that TensorFlow.js itself evaluates, also those in nested models; but for frozen
 * ones, which keep their running statistics and use them in training.
 */
export class BatchStatistics {
  readonly #layers: readonly BatchNormalization[];
  readonly #frozen: readonly BatchNormalization[];

  constructor(model: tf.LayersModel) {
    const all = [...layersOf(model)].filter(({ layer }) => layer.getClassName() === "BatchNormalization");
    const those = (frozen: boolean) => [
      ...new Set(all.filter((placed) => isFrozen(placed) === frozen).map(({ layer }) => layer)),
    ];
    this.#layers = those(false) as unknown as BatchNormalization[];
    this.#frozen = those(true) as unknown as BatchNormalization[];
  }

  /** Means and variances of all layers. */
  get size(): number {
    return this.#moving().reduce((sum, statistic) => sum + statistic.read().size, 0);
  }

  /** Runs `evaluate` with the statistics of the batch in place of the running ones, and leaves those alone. */
  use<T>(evaluate: () => T): T {
    return this.#training(1, evaluate); // momentum 1: the running statistics keep all of what they were
  }

  /** The statistics of the batch that `evaluate` runs the model on; the running ones are as before. */
  async measure(evaluate: () => tf.TensorContainer): Promise<Float32Array> {
    const running = await this.#read();
    tf.dispose(this.#training(0, () => tf.tidy(evaluate))); // momentum 0: nothing is kept of what they were
    const measured = await this.#read();
    this.set(running);
    return measured;
  }

  /** Makes these the running statistics. */
  set(statistics: Float32Array): void {
    let at = 0;
    for (const statistic of this.#moving()) {
      const { size, shape } = statistic.read();
      const values = tf.tensor(statistics.slice(at, at + size), shape);
      statistic.write(values);
      values.dispose();
      at += size;
    }
  }

  async #read(): Promise<Float32Array> {
    const all = new Float32Array(this.size);
    let at = 0;
    for (const statistic of this.#moving()) {
      const values = await statistic.read().data<"float32">();
      all.set(values, at);
      at += values.length;
    }
    return all;
  }

  #moving() {
    return this.#layers.flatMap(({ movingMean, movingVariance }) => [movingMean, movingVariance]);
  }

  #training<T>(momentum: number, evaluate: () => T): T {
    const usual = this.#layers.map((layer) => layer.momentum);
    for (const layer of this.#layers) {
      const call = layer.call.bind(layer);
      layer.momentum = momentum;
      layer.call = (inputs, kwargs) => withBoth(layer, () => call(inputs, { ...kwargs, training: true }));
    }
    for (const layer of this.#frozen) {
      const call = layer.call.bind(layer);
      layer.call = (inputs, kwargs) => call(inputs, { ...kwargs, training: false });
    }
    try {
      return evaluate();
    } finally {
      this.#layers.forEach((layer, i) => (layer.momentum = usual[i]!));
      for (const layer of [...this.#layers, ...this.#frozen]) Reflect.deleteProperty(layer, "call"); // back to the class's own
    }
  }
}

/** TensorFlow.js normalises a batch with γ and β only: 1 and 0 stand for the one a layer does not have. */
function withBoth<T>(layer: BatchNormalization, evaluate: () => T): T {
  const { gamma, beta, movingMean } = layer;
  const constant = (make: (like: tf.Tensor) => tf.Tensor) =>
    ({ read: () => make(movingMean.read()) }) as unknown as Statistic;
  layer.gamma ??= constant((like) => tf.onesLike(like));
  layer.beta ??= constant((like) => tf.zerosLike(like));
  try {
    return evaluate();
  } finally {
    Object.assign(layer, { gamma, beta });
  }
}

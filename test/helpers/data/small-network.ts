import type { Labelled } from "../../../src/data/dataset.js";
import { Random } from "../../../src/random.js";

/**
 * A fully connected ReLU network trained by Adam on mini-batches, in plain loops: just enough to tell how hard a
 * data set is. Inputs are bytes / 255; blank pixels are skipped, which makes it fast on digits.
 * Returns the test accuracy after each epoch.
 */
export function trainSmallNetwork(
  widths: readonly number[],
  train: Labelled,
  test: Labelled,
  { epochs, rate, batch = 50, seed = 0 }: { epochs: number; rate: number; batch?: number; seed?: number },
): number[] {
  const random = new Random(seed);
  const layers = widths.slice(1).map((outputs, index) => new Layer(widths[index]!, outputs, random));
  const activations = widths.map((width) => new Float64Array(width));
  const cotangents = widths.map((width) => new Float64Array(width));
  const forward = (data: Labelled, sample: number): Float64Array => {
    const input = activations[0]!;
    for (let j = 0; j < input.length; j++) input[j] = data.features[sample * input.length + j]! / 255;
    layers.forEach((layer, l) => {
      layer.forward(activations[l]!, activations[l + 1]!, l < layers.length - 1);
    });
    return activations.at(-1)!;
  };
  const order = Int32Array.from(train.labels, (_, index) => index);
  const steps = Math.floor(order.length / batch) * epochs;
  const accuracies: number[] = [];
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    for (let start = 0; start + batch <= order.length; start += batch) {
      for (const sample of order.subarray(start, start + batch)) {
        softmaxError(forward(train, sample), train.labels[sample]!, cotangents.at(-1)!);
        for (let l = layers.length - 1; l >= 0; l--) {
          layers[l]!.backward(activations[l]!, cotangents[l + 1]!, l > 0 ? cotangents[l] : undefined);
        }
      }
      step += 1;
      for (const layer of layers) layer.update(rate * (1 - step / (steps + 1)), step, batch);
    }
    accuracies.push(accuracy(test, forward));
  }
  return accuracies;
}

function accuracy(data: Labelled, forward: (data: Labelled, sample: number) => Float64Array): number {
  const right = data.labels.filter((label, sample) => {
    const logits = forward(data, sample);
    return logits.every((logit) => logit <= logits[label]!);
  });
  return right.length / data.labels.length;
}

/** out ← softmax(logits) − onehot(label), the gradient of the cross-entropy. */
function softmaxError(logits: Float64Array, label: number, out: Float64Array): void {
  const largest = Math.max(...logits);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += out[k] = Math.exp(logits[k]! - largest);
  for (let k = 0; k < logits.length; k++) out[k] = out[k]! / sum - (k === label ? 1 : 0);
}

class Layer {
  /** (inputs + 1, outputs): the weights, and the biases in the last row. */
  readonly #w: Float64Array;
  readonly #gradient: Float64Array;
  readonly #m: Float64Array;
  readonly #v: Float64Array;

  constructor(
    readonly inputs: number,
    readonly outputs: number,
    random: Random,
  ) {
    const size = (inputs + 1) * outputs;
    this.#w = Float64Array.from({ length: size }, (_, i) =>
      i < inputs * outputs ? random.normal(0, Math.sqrt(2 / inputs)) : 0,
    );
    this.#gradient = new Float64Array(size);
    this.#m = new Float64Array(size);
    this.#v = new Float64Array(size);
  }

  forward(x: Float64Array, y: Float64Array, relu: boolean): void {
    const { inputs, outputs } = this;
    for (let k = 0; k < outputs; k++) y[k] = this.#w[inputs * outputs + k]!;
    for (let j = 0; j < inputs; j++) {
      const value = x[j]!;
      if (value === 0) continue;
      for (let k = 0; k < outputs; k++) y[k]! += value * this.#w[j * outputs + k]!;
    }
    if (relu) for (let k = 0; k < outputs; k++) y[k] = Math.max(0, y[k]!);
  }

  /** Adds to the gradient; `dx` becomes the cotangent of the input before its ReLU. */
  backward(x: Float64Array, dy: Float64Array, dx: Float64Array | undefined): void {
    const { inputs, outputs } = this;
    for (let k = 0; k < outputs; k++) this.#gradient[inputs * outputs + k]! += dy[k]!;
    dx?.fill(0);
    for (let j = 0; j < inputs; j++) {
      const value = x[j]!;
      if (value === 0) continue;
      let sum = 0;
      for (let k = 0; k < outputs; k++) {
        this.#gradient[j * outputs + k]! += value * dy[k]!;
        sum += this.#w[j * outputs + k]! * dy[k]!;
      }
      if (dx) dx[j] = sum;
    }
  }

  /** Adam with the usual constants; clears the gradient. */
  update(rate: number, step: number, batch: number): void {
    const scale = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    for (let i = 0; i < this.#w.length; i++) {
      const g = this.#gradient[i]! / batch;
      const m = (this.#m[i] = 0.9 * this.#m[i]! + 0.1 * g);
      const v = (this.#v[i] = 0.999 * this.#v[i]! + 0.001 * g * g);
      this.#w[i]! -= (scale * m) / (Math.sqrt(v) + 1e-8);
    }
    this.#gradient.fill(0);
  }
}

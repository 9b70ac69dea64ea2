import { tf } from "../../compute/tensorflow.js";
import { ALMOST_ONE, clamp, EPSILON, meanOverRow, type Loss } from "./loss.js";

/*
 * Losses of probabilities, each as tfjs-layers (losses.ts) computes it, and the same of logits. Probabilities are clipped
 * to [ε, 1 − ε], beyond which nothing is learned of a sample; of logits, nothing is lost.
 */

/** −Σ_j y_j ln p_j, p made to sum to 1 */
export const categoricalCrossentropy: Loss = {
  name: "categoricalCrossentropy",
  targets: "numbers",
  ofRow: (y, yAt, p, pAt, width, scale, g, gAt) => {
    const total = sumOf(p, pAt, width);
    let sum = 0;
    let inside = 0; // Σ y_j of what is not clipped
    for (let j = 0; j < width; j++) {
      const share = p[pAt + j]! / total;
      const yj = y[yAt + j]!;
      if (yj !== 0) sum -= yj * Math.log(clamp(share, EPSILON, ALMOST_ONE));
      if (share >= EPSILON && share <= ALMOST_ONE) inside += yj;
    }
    // ∂/∂p_j of −Σ y_k (ln p_k − ln Σp), the clipped k left out
    if (g) {
      for (let j = 0; j < width; j++) {
        const pj = p[pAt + j]!;
        const share = pj / total;
        const own = share >= EPSILON && share <= ALMOST_ONE ? y[yAt + j]! / pj : 0;
        g[gAt + j] = scale * (inside / total - own);
      }
    }
    return sum;
  },
  ofTensors: (y, p) => tf.neg(tf.sum(tf.mul(y, logShares(p)), -1)),
};

export const sparseCategoricalCrossentropy: Loss = {
  name: "sparseCategoricalCrossentropy",
  targets: "classes",
  // tfjs-layers clips p before it makes them sum to 1, and again after.
  ofRow: (y, yAt, p, pAt, width, scale, g, gAt) => {
    const label = y[yAt]!;
    let total = 0;
    for (let j = 0; j < width; j++) total += clamp(p[pAt + j]!, EPSILON, ALMOST_ONE);
    const raw = p[pAt + label]!;
    const share = clamp(raw, EPSILON, ALMOST_ONE) / total;
    const passes = share >= EPSILON && share <= ALMOST_ONE;
    if (g) {
      for (let j = 0; j < width; j++) {
        const pj = p[pAt + j]!;
        const moves = passes && pj >= EPSILON && pj <= ALMOST_ONE;
        g[gAt + j] = moves ? scale * (1 / total - (j === label ? 1 / raw : 0)) : 0;
      }
    }
    return -Math.log(clamp(share, EPSILON, ALMOST_ONE));
  },
  ofTensors: (y, p) =>
    categoricalCrossentropy.ofTensors(oneHot(y, p), tf.clipByValue(p, EPSILON, ALMOST_ONE)),
};

/** The mean of −y ln p − (1 − y) ln(1 − p) */
export const binaryCrossentropy: Loss = {
  name: "binaryCrossentropy",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => {
      const q = clamp(p, EPSILON, ALMOST_ONE);
      return -y * Math.log(q) - (1 - y) * Math.log1p(-q);
    },
    (y, p) => (p < EPSILON || p > ALMOST_ONE ? 0 : (p - y) / (p * (1 - p))),
  ),
  ofTensors: (y, p) => {
    const q = tf.clipByValue(p, EPSILON, ALMOST_ONE);
    const surprise = tf.add(tf.mul(y, tf.log(q)), tf.mul(tf.sub(1, y), tf.log(tf.sub(1, q))));
    return tf.neg(tf.mean(surprise, -1));
  },
};

/** Σ_j y_j ln(y_j / p_j) */
export const kullbackLeiblerDivergence: Loss = {
  name: "kullbackLeiblerDivergence",
  targets: "numbers",
  ofRow: (y, yAt, p, pAt, width, scale, g, gAt) => {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const [yj, pj] = [y[yAt + j]!, p[pAt + j]!];
      sum += yj * Math.log(clamp(yj, EPSILON, 1) / clamp(pj, EPSILON, 1));
      if (g) g[gAt + j] = pj < EPSILON || pj > 1 ? 0 : (-scale * yj) / pj;
    }
    return sum;
  },
  ofTensors: (y, p) => {
    const ratio = tf.div(tf.clipByValue(y, EPSILON, 1), tf.clipByValue(p, EPSILON, 1));
    return tf.sum(tf.mul(y, tf.log(ratio)), -1);
  },
};

/** max(0, 1 + max_j (1 − y_j) p_j − Σ_j y_j p_j) */
export const categoricalHinge: Loss = {
  name: "categoricalHinge",
  targets: "numbers",
  ofRow: (y, yAt, p, pAt, width, scale, g, gAt) => {
    let [right, wrong, worst] = [0, -Infinity, 0];
    for (let j = 0; j < width; j++) {
      const [yj, pj] = [y[yAt + j]!, p[pAt + j]!];
      right += yj * pj;
      if ((1 - yj) * pj > wrong) [wrong, worst] = [(1 - yj) * pj, j];
    }
    const loss = Math.max(0, 1 + wrong - right);
    if (g) {
      const slope = loss > 0 ? scale : 0;
      const worstShare = 1 - y[yAt + worst]!;
      for (let j = 0; j < width; j++) g[gAt + j] = slope * ((j === worst ? worstShare : 0) - y[yAt + j]!);
    }
    return loss;
  },
  ofTensors: (y, p) => {
    const right = tf.sum(tf.mul(y, p), -1);
    const wrong = tf.max(tf.mul(tf.sub(1, y), p), -1);
    return tf.relu(tf.add(1, tf.sub(wrong, right)));
  },
};

/** Categorical cross-entropy of softmax(z): (ln Σ_k e^{z_k}) Σ_j y_j − Σ_j y_j z_j */
export const softmaxCrossEntropy: Loss = {
  name: "softmaxCrossEntropy",
  targets: "numbers",
  ofRow: (y, yAt, z, zAt, width, scale, g, gAt) => {
    const { largest, sum } = exponentials(z, zAt, width);
    const logSum = largest + Math.log(sum);
    let [loss, mass] = [0, 0];
    for (let j = 0; j < width; j++) {
      const yj = y[yAt + j]!;
      mass += yj;
      if (yj !== 0) loss += yj * (logSum - z[zAt + j]!);
    }
    if (g) {
      for (let j = 0; j < width; j++)
        g[gAt + j] = scale * ((mass * Math.exp(z[zAt + j]! - largest)) / sum - y[yAt + j]!);
    }
    return loss;
  },
  ofTensors: (y, z) => tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(z)), -1)),
};

export const sparseSoftmaxCrossEntropy: Loss = {
  name: "sparseSoftmaxCrossEntropy",
  targets: "classes",
  ofRow: (y, yAt, z, zAt, width, scale, g, gAt) => {
    const label = y[yAt]!;
    const own = z[zAt + label]!;
    const { largest, sum } = exponentials(z, zAt, width);
    if (g) {
      for (let j = 0; j < width; j++)
        g[gAt + j] = scale * (Math.exp(z[zAt + j]! - largest) / sum - (j === label ? 1 : 0));
    }
    return largest + Math.log(sum) - own;
  },
  ofTensors: (y, z) => softmaxCrossEntropy.ofTensors(oneHot(y, z), z),
};

/** Binary cross-entropy of sigmoid(z): the mean of max(z, 0) − yz + ln(1 + e^{−|z|}) */
export const sigmoidCrossEntropy: Loss = {
  name: "sigmoidCrossEntropy",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, z) => Math.max(z, 0) - y * z + Math.log1p(Math.exp(-Math.abs(z))),
    (y, z) => sigmoid(z) - y,
  ),
  ofTensors: (y, z) =>
    tf.mean(tf.add(tf.sub(tf.relu(z), tf.mul(z, y)), tf.log1p(tf.exp(tf.neg(tf.abs(z))))), -1),
};

export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

/** p ← softmax(p) for a row. */
export function softmaxRow(p: Float32Array, at: number, width: number): void {
  const { largest, sum } = exponentials(p, at, width);
  for (let j = at; j < at + width; j++) p[j] = Math.exp(p[j]! - largest) / sum;
}

function exponentials(z: Float32Array, at: number, width: number) {
  let largest = z[at]!;
  for (let j = at + 1; j < at + width; j++) if (z[j]! > largest) largest = z[j]!;
  let sum = 0;
  for (let j = at; j < at + width; j++) sum += Math.exp(z[j]! - largest);
  return { largest, sum };
}

function sumOf(p: Float32Array, at: number, width: number): number {
  let sum = 0;
  for (let j = at; j < at + width; j++) sum += p[j]!;
  return sum;
}

/** ln of p made to sum to 1, clipped. */
function logShares(p: tf.Tensor): tf.Tensor {
  const shares = tf.div(p, tf.sum(p, -1, true));
  return tf.log(tf.clipByValue(shares, EPSILON, ALMOST_ONE));
}

/** (…) class numbers → (…, width) */
function oneHot(y: tf.Tensor, p: tf.Tensor): tf.Tensor {
  const width = p.shape.at(-1)!;
  return tf.cast(tf.oneHot(tf.reshape(tf.cast(y, "int32"), p.shape.slice(0, -1)), width), "float32");
}

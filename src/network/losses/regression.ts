import { tf } from "../../compute/tensorflow.js";
import { clamp, EPSILON, meanOverRow, type Loss } from "./loss.js";

/*
 * Losses of numbers against numbers, each as tfjs-layers (losses.ts) computes it; Huber's, which it lacks, as Keras does.
 * Where a loss has a kink, its slope there is TensorFlow.js'.
 */

const mean = (x: tf.Tensor): tf.Tensor => tf.mean(x, -1);

export const meanSquaredError: Loss = {
  name: "meanSquaredError",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => (p - y) ** 2,
    (y, p) => 2 * (p - y),
  ),
  ofTensors: (y, p) => mean(tf.square(tf.sub(p, y))),
};

export const meanAbsoluteError: Loss = {
  name: "meanAbsoluteError",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => Math.abs(p - y),
    (y, p) => Math.sign(p - y),
  ),
  ofTensors: (y, p) => mean(tf.abs(tf.sub(p, y))),
};

/** In percent of |y|. */
export const meanAbsolutePercentageError: Loss = {
  name: "meanAbsolutePercentageError",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => 100 * Math.abs((y - p) / Math.max(Math.abs(y), EPSILON)),
    (y, p) => (100 * Math.sign(p - y)) / Math.max(Math.abs(y), EPSILON),
  ),
  ofTensors: (y, p) =>
    tf.mul(100, mean(tf.abs(tf.div(tf.sub(y, p), tf.clipByValue(tf.abs(y), EPSILON, Infinity))))),
};

export const meanSquaredLogarithmicError: Loss = {
  name: "meanSquaredLogarithmicError",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => logarithmicError(y, p) ** 2,
    (y, p) => (p < EPSILON ? 0 : (2 * logarithmicError(y, p)) / (1 + p)),
  ),
  ofTensors: (y, p) => {
    const log = (x: tf.Tensor) => tf.log(tf.add(1, tf.clipByValue(x, EPSILON, Infinity)));
    return mean(tf.square(tf.sub(log(p), log(y))));
  },
};

function logarithmicError(y: number, p: number): number {
  return Math.log(1 + Math.max(p, EPSILON)) - Math.log(1 + Math.max(y, EPSILON));
}

/** Quadratic up to an error of 1, linear beyond. */
export const huber: Loss = {
  name: "huber",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => (Math.abs(p - y) <= 1 ? (p - y) ** 2 / 2 : Math.abs(p - y) - 0.5),
    (y, p) => clamp(p - y, -1, 1),
  ),
  ofTensors: (y, p) => {
    const error = tf.abs(tf.sub(p, y));
    const quadratic = tf.minimum(error, 1);
    return mean(tf.add(tf.mul(0.5, tf.square(quadratic)), tf.sub(error, quadratic)));
  },
};

/** ln cosh of the error. */
export const logcosh: Loss = {
  name: "logcosh",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => {
      const error = Math.abs(p - y);
      return error + Math.log1p(Math.exp(-2 * error)) - Math.LN2;
    },
    (y, p) => Math.tanh(p - y),
  ),
  ofTensors: (y, p) => {
    // Symmetric, where tfjs-layers' d + softplus(−2d) overflows for errors far below 0.
    const error = tf.abs(tf.sub(p, y));
    return mean(tf.sub(tf.add(error, tf.log1p(tf.exp(tf.mul(-2, error)))), Math.LN2));
  },
};

/** For labels −1 and 1, as the other hinges. */
export const hinge: Loss = {
  name: "hinge",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => Math.max(0, 1 - y * p),
    (y, p) => (1 - y * p > 0 ? -y : 0),
  ),
  ofTensors: (y, p) => mean(tf.relu(tf.sub(1, tf.mul(y, p)))),
};

export const squaredHinge: Loss = {
  name: "squaredHinge",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => Math.max(0, 1 - y * p) ** 2,
    (y, p) => -2 * y * Math.max(0, 1 - y * p),
  ),
  ofTensors: (y, p) => mean(tf.square(tf.relu(tf.sub(1, tf.mul(y, p))))),
};

export const poisson: Loss = {
  name: "poisson",
  targets: "numbers",
  ofRow: meanOverRow(
    (y, p) => p - y * Math.log(EPSILON + p),
    (y, p) => 1 - y / (EPSILON + p),
  ),
  ofTensors: (y, p) => mean(tf.sub(p, tf.mul(y, tf.log(tf.add(EPSILON, p))))),
};

/** −cos of the angle between y and p. */
export const cosineProximity: Loss = {
  name: "cosineProximity",
  targets: "numbers",
  ofRow: (y, yAt, p, pAt, width, scale, g, gAt) => {
    let [yy, pp, yp] = [0, 0, 0];
    for (let j = 0; j < width; j++) {
      const [yj, pj] = [y[yAt + j]!, p[pAt + j]!];
      yy += yj * yj;
      pp += pj * pj;
      yp += yj * pj;
    }
    const normY = Math.sqrt(Math.max(yy, EPSILON));
    const normP = Math.sqrt(Math.max(pp, EPSILON));
    const cosine = yp / (normY * normP);
    if (g) {
      // ∂(−cos)/∂p = cos · p/‖p‖² − y/(‖y‖‖p‖); the norm is a constant where it is clipped
      const along = pp > EPSILON ? cosine / pp : 0;
      for (let j = 0; j < width; j++)
        g[gAt + j] = scale * (along * p[pAt + j]! - y[yAt + j]! / (normY * normP));
    }
    return -cosine;
  },
  ofTensors: (y, p) => {
    const unit = (x: tf.Tensor) => tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), -1, true), EPSILON)));
    return tf.neg(tf.sum(tf.mul(unit(y), unit(p)), -1));
  },
};

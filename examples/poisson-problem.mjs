// A physics-informed network: −Δu = f on the unit square, u = 0 on its boundary, learned from the equation alone.
// Ranks are processes of their own, which import the objective and the model from here; poisson.mjs is the program.

/** u for f = 2π² sin(πx) sin(πy). */
export const exact = (x, y) => Math.sin(Math.PI * x) * Math.sin(Math.PI * y);

const BOUNDARY = 200;

/** The mean of (Δu + f)² over the samples, points inside, and of u² over points of the boundary. */
export function objective({ tf, model, inputs: [points] }) {
  const u = (x) => model.apply(x, { training: true });
  const gradient = tf.grad((x) => tf.sum(u(x))); // (rows, 2): a sample's u depends on its own point alone
  const secondBy = (axis) =>
    tf.slice(tf.grad((x) => tf.sum(tf.slice(gradient(x), [0, axis], [-1, 1])))(points), [0, axis], [-1, 1]);
  const f = tf.mul(2 * Math.PI ** 2, tf.prod(tf.sin(tf.mul(Math.PI, points)), 1, true));
  const residual = tf.square(tf.add(tf.add(secondBy(0), secondBy(1)), f)); // (rows, 1)
  return tf.add(tf.mean(residual), tf.mul(100, tf.mean(tf.square(u(boundary(tf))))));
}

function boundary(tf) {
  const side = BOUNDARY / 4;
  const points = Array.from({ length: BOUNDARY }, (_, i) => {
    const t = ((i % side) + 0.5) / side;
    return [
      [t, 0],
      [t, 1],
      [0, t],
      [1, t],
    ][Math.floor(i / side)];
  });
  return tf.tensor2d(points);
}

/** Eight layers of 20 tanh. */
export function createModel({ tf, seed }) {
  const model = tf.sequential();
  for (let layer = 0; layer < 8; layer++) {
    const kernelInitializer = tf.initializers.glorotNormal({ seed: 100 * seed + layer + 1 });
    const inputShape = layer === 0 ? { inputShape: [2] } : {};
    model.add(tf.layers.dense({ units: 20, activation: "tanh", kernelInitializer, ...inputShape }));
  }
  const kernelInitializer = tf.initializers.glorotNormal({ seed: 100 * seed + 99 });
  model.add(tf.layers.dense({ units: 1, kernelInitializer }));
  return model;
}

// A physics-informed network: −Δu = f on the unit square, u = 0 on its boundary, learned from the equation alone.
// Ranks are processes of their own, which import the objective and the model from here; poisson.mjs is the program.

/** u for f = 2π² sin(πx) sin(πy). */
export const exact = (x, y) => Math.sin(Math.PI * x) * Math.sin(Math.PI * y);

const BOUNDARY = 200;

/** The mean of (Δu + f)² over the samples, points inside, and of u² over points of the boundary. */
export function objective({ tf, model, inputs: [points] }) {
  const u = (x) => model.apply(x, { training: true });
  const gradient = tf.grad((x) => tf.sum(u(x))); // (rows, 2): a sample's u depends on its own point alone
  // Each point twice: of the first half the second derivatives by x are taken, of the other those by y. Both at once take half
  // as many operations, and an operation on so few numbers costs what it takes to call it.
  const twice = tf.concat([points, points]);
  const axes = tf.concat([0, 1].map((axis) => tf.oneHot(tf.fill([points.shape[0]], axis, "int32"), 2)));
  const along = (x) => tf.sum(tf.mul(x, axes), 1, true);
  const second = along(tf.grad((x) => tf.sum(along(gradient(x))))(twice));
  const laplacian = tf.addN(tf.split(second, 2));
  const f = tf.mul(2 * Math.PI ** 2, tf.prod(tf.sin(tf.mul(Math.PI, points)), 1, true));
  const residual = tf.square(tf.add(laplacian, f)); // (rows, 1)
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

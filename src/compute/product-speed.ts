import { tf } from "./tensorflow.js";

/** GFLOP/s of the current backend on the product of two matrices of 512 × 512, the best of a few. */
export async function productSpeed(): Promise<number> {
  const N = 512;
  const [a, b] = [tf.ones([N, N]), tf.ones([N, N])];
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const product = tf.matMul(a, b);
    await product.data();
    best = Math.min(best, performance.now() - start);
    product.dispose();
  }
  tf.dispose([a, b]);
  return (2 * N ** 3) / best / 1e6;
}

import { tf } from "./tensorflow.js";

/** GFLOP/s of the current backend on the product of two matrices of n × n, the best of so many rounds. */
export async function productSpeed(n: number, rounds: number): Promise<number> {
  const [a, b] = [tf.ones<tf.Rank.R2>([n, n]), tf.ones<tf.Rank.R2>([n, n])];
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    const product = tf.matMul(a, b);
    await product.data();
    best = Math.min(best, performance.now() - start);
    product.dispose();
  }
  tf.dispose([a, b]);
  return (2 * n ** 3) / best / 1e6;
}

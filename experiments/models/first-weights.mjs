/**
 * PyTorch's first weights, which the papers' code leaves as they are: kernels and biases of U(−1/√n, 1/√n), n the inputs
 * of a unit. Those of a seed are the same every time.
 */
export function firstWeights(tf, seed) {
  let drawn = 0;
  return (inputs) => {
    const bound = 1 / Math.sqrt(inputs);
    const draw = () =>
      tf.initializers.randomUniform({ minval: -bound, maxval: bound, seed: 1000 * (seed + 1) + drawn++ });
    return { kernelInitializer: draw(), biasInitializer: draw() };
  };
}

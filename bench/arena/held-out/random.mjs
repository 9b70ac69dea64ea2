/** Uniform and normal numbers of a seed, the same on every machine. */
export function randomOf(seed) {
  let state = seed >>> 0;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < 20; i++) uniform();
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

export const rows = (count, of) => Array.from({ length: count }, (_, i) => of(i));

/** Draws the model's first weights from the run's seed: matrices by Glorot, embeddings small; all others stay. */
export function seeded(tf, model, seed) {
  let next = 1000 * seed;
  const drawn = (layer, weight) => {
    if (weight.rank < 2) return weight;
    next++;
    return layer.getClassName() === "Embedding"
      ? tf.initializers.randomUniform({ minval: -0.05, maxval: 0.05, seed: next }).apply(weight.shape)
      : tf.initializers.glorotUniform({ seed: next }).apply(weight.shape);
  };
  for (const layer of model.layers)
    layer.setWeights(layer.getWeights().map((weight) => drawn(layer, weight)));
  return model;
}

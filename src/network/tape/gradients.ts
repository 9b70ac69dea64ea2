import { tf } from "../../compute/tensorflow.js";

/**
 * The loss and its gradients in one tensor, so that they are read back at once: by the variables, then by those inputs that
 * are wanted, (1 + Σ sizes).
 * @param wanted which of the inputs
 */
export function lossAndGradients(
  loss: (inputs: readonly tf.Tensor[]) => tf.Scalar,
  variables: readonly tf.Variable[],
  inputs: readonly tf.Tensor[],
  wanted: readonly number[],
): tf.Tensor1D {
  const byInput = wanted.map((i) => tf.variable(inputs[i]!));
  try {
    return tf.tidy(() => {
      const seen = inputs.map((input, i) => byInput[wanted.indexOf(i)] ?? input);
      const all = [...variables, ...byInput];
      const { value, grads } = tf.variableGrads(() => loss(seen), all);
      // A variable that the loss does not depend on has none.
      const gradients = all.map((variable) => grads[variable.name] ?? tf.zeros(variable.shape));
      return tf.concat([value, ...gradients].map((x) => tf.reshape<tf.Rank.R1>(x, [-1])));
    });
  } finally {
    tf.dispose(byInput);
  }
}

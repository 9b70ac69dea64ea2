import { tf } from "../../compute/tensorflow.js";

type Gradient = (
  dy: tf.Tensor,
  x: tf.Tensor,
  attributes: { readonly dim?: number; readonly axis?: number },
) => tf.Tensor;

/**
 * Gradients that can themselves be differentiated. TensorFlow.js writes these from the operation's result, which its tape
 * holds as a copy made before the operation: nothing leads through it to x. Here they are written from x.
 */
const gradients: Readonly<Record<string, { readonly input: string; readonly of: Gradient }>> = {
  Exp: { input: "x", of: (dy, x) => tf.mul(dy, tf.exp(x)) },
  Tanh: { input: "x", of: (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x)))) },
  Sigmoid: {
    input: "x",
    of: (dy, x) => {
      const y = tf.sigmoid(x);
      return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
    },
  },
  Elu: { input: "x", of: (dy, x) => tf.mul(dy, tf.exp(tf.minimum(x, 0))) },
  Softmax: {
    input: "logits",
    of: (dy, x, { dim }) => {
      const y = tf.softmax(x, dim);
      const each = tf.mul(dy, y);
      return tf.sub(each, tf.mul(tf.sum(each, dim, true), y));
    },
  },
  LogSoftmax: {
    input: "logits",
    of: (dy, x, { axis }) => tf.sub(dy, tf.mul(tf.sum(dy, axis, true), tf.softmax(x, axis))),
  },
};

let registered = false;

/** From now on derivatives of derivatives exist in this process, for objectives that have derivatives by inputs. */
export function differentiateTwice(): void {
  if (registered) return;
  registered = true;
  const wasSilent = tf.env().getBool("PROD");
  tf.env().set("PROD", true); // no word on what is replaced
  for (const [kernelName, { input, of }] of Object.entries(gradients)) {
    tf.registerGradient({
      kernelName,
      inputsToSave: [input],
      gradFunc: (dy, saved, attributes) => ({
        [input]: () => of(dy as tf.Tensor, saved[0]!, attributes),
      }),
    });
  }
  tf.env().set("PROD", wasSilent);
}

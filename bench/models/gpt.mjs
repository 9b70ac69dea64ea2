/** The built-in transformer, 4 layers of 4 heads and width 128, on whichever TensorFlow.js. */
import { gpt } from "../../dist/src/network/models/gpt.js";
import { Random } from "../../dist/src/random.js";

export async function gptBy(tf) {
  const own = gpt(64, 65, { layers: 4, heads: 4, width: 128 }, new Random(1));
  const model = await tf.models.modelFromJSON(own.toJSON(null, false));
  own.dispose();
  return model;
}

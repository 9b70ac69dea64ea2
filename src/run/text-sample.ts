import { tf } from "../compute/tensorflow.js";
import type { Dataset } from "../data/dataset.js";
import { gatherRows } from "../data/batches.js";
import type { TextOptions } from "../data/text.js";
import type { Goal } from "../network/goal/goal.js";
import type { Random } from "../random.js";

const LENGTH = 200;
/** Below 1 the likelier symbols are preferred. */
const TEMPERATURE = 0.8;

/** What a model of text is given to go on from, and how its symbols read. */
interface Text {
  /** (block) */
  readonly prompt: Float32Array;
  readonly names: readonly string[];
  readonly tokens: TextOptions["tokens"];
}

/** The first block of a text whose next symbols a model predicts; undefined for anything else. */
export function textOf(
  data: Dataset,
  { outputs: [output] }: Goal,
  tokens: TextOptions["tokens"],
): Text | undefined {
  const [input, target] = [data.inputs[0]!, data.targets[0]];
  if (!target?.names || output?.link !== "softmax") return undefined;
  if (input.shape.length !== 1 || String(input.shape) !== String(target.shape)) return undefined;
  const prompt = gatherRows(input, Int32Array.of(0), new Float32Array(input.shape[0]!));
  return { prompt, names: target.names, tokens };
}

/** What `model` writes after the prompt, symbol by symbol, drawn by the probabilities it gives them. */
export async function writeSample(
  model: tf.LayersModel,
  { outputs: [output] }: Goal,
  { prompt, names, tokens }: Text,
  random: Random,
): Promise<string> {
  const context = [...prompt];
  const written: string[] = [];
  while (written.length < LENGTH) {
    const values = tf.tidy(() => {
      const made = model.predict(tf.tensor2d([context])) as tf.Tensor;
      const last = tf.slice(made, [0, context.length - 1, 0], [1, 1, -1]);
      // A model that ends in a softmax gives probabilities, another logits.
      const logits = output!.folded ? tf.log(last) : last;
      return tf.softmax(tf.reshape(tf.div(logits, TEMPERATURE), [-1]));
    });
    const probabilities = await values.data<"float32">();
    values.dispose();
    const symbol = drawn(probabilities, random.uniform());
    written.push(names[symbol]!);
    context.shift();
    context.push(symbol);
  }
  // The names of bytes are their numbers.
  return tokens === "bytes" ? Buffer.from(written.map(Number)).toString() : written.join("");
}

function drawn(probabilities: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i]!;
    if (at < sum) return i;
  }
  return probabilities.length - 1;
}

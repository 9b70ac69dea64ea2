import { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Chunk, Evaluator } from "../evaluator.js";
import { isKnownClass } from "../foreign-model.js";
import { layersOf, shown } from "../inspect/graph.js";
import { wholeTensors } from "../tensor-part.js";

/**
 * Evaluates a chunk before anything starts: TensorFlow.js says only then that it cannot compute or differentiate a layer.
 * What users' own classes and functions compute is compared to the bit: evaluations of one step must see one f.
 * @param source where the model comes from, for people
 * @throws UsageError naming the layer
 */
export async function tryOut(
  evaluator: Evaluator,
  model: tf.LayersModel,
  chunk: Chunk,
  source: string,
): Promise<void> {
  const evaluate = async () => {
    const gradient = new Float32Array(evaluator.layout.dimension);
    const loss = await evaluator.gradient(chunk, 1, wholeTensors(evaluator.layout), gradient);
    return [loss, ...gradient];
  };
  let first: number[];
  try {
    first = await evaluate();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const layer = await culprit(model, evaluate);
    throw new UsageError(
      `Expected a model that TensorFlow.js can train, but of ${layer ? `${shown(layer)} of ${source}` : source} it says: ` +
        `${sentence(error)} Give that layer other settings, or another in its place.`,
      { cause: error },
    );
  }
  const own = [...layersOf(model)].find(({ layer }) => !isKnownClass(layer.getClassName()));
  const { outputs, objective } = evaluator.goal;
  const ownLoss = objective !== undefined || outputs.some(({ loss }) => loss.ofRow === undefined);
  if (!own && !ownLoss) return;
  const second = await evaluate();
  if (first.every((value, i) => Object.is(value, second[i]))) return;
  throw new UsageError(
    `Expected the same results of ${source} whenever it is evaluated, got others the second time: ` +
      `${own ? shown(own.layer) : "its loss"} is random by itself. Draw with layers of TensorFlow.js (dropout, gaussianNoise), which draw anew in each step alone.`,
  );
}

function sentence(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.endsWith(".") ? line : `${line}.`;
}

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>) => tf.Tensor | tf.Tensor[];

/** The layer that fails in `evaluate`, or whose result TensorFlow.js cannot differentiate by what it reads. */
async function culprit(
  model: tf.LayersModel,
  evaluate: () => Promise<unknown>,
): Promise<tf.layers.Layer | undefined> {
  const layers = [...new Set([...layersOf(model)].map(({ layer }) => layer))];
  let failed: tf.layers.Layer | undefined;
  for (const layer of layers) {
    const call: Call = layer.call.bind(layer);
    layer.call = ((inputs, kwargs) => {
      try {
        differentiate(call, inputs, kwargs);
        return call(inputs, kwargs);
      } catch (error) {
        failed ??= layer;
        throw error;
      }
    }) satisfies Call;
  }
  try {
    await evaluate();
  } catch {
    // It is known to fail.
  } finally {
    for (const layer of layers) Reflect.deleteProperty(layer, "call"); // back to the class's own
  }
  return failed;
}

function differentiate(call: Call, inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): void {
  const isList = Array.isArray(inputs);
  const f = (...xs: tf.Tensor[]) => tf.sum([call(isList ? xs : xs[0]!, kwargs)].flat()[0]!);
  try {
    tf.tidy(() => {
      tf.grads(f)(isList ? inputs : [inputs]);
    });
  } catch (error) {
    if (!String(error).includes("with respect to x")) throw error; // it does not depend on them
  }
}

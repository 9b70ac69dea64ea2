import type { SymbolicTensor } from "@tensorflow/tfjs";
import { tf } from "../../compute/tensorflow.js";
import type { LayerValues } from "../hollow.js";
import { isContainer, layersOf, wrappedBy } from "../inspect/graph.js";
import { numbersIn, randomPartsOf } from "../inspect/random.js";
import { setValues } from "../models/initialise.js";
import { callsOf, type Call } from "./calls.js";
import { nameOf, type StagePlan } from "./plan.js";

/** The part of a network that one rank holds. */
export interface StageModel {
  /**
   * Of the stage's own layers, named as in the whole model and in its order. It takes the model's inputs that the stage reads,
   * then the crossings; it gives crossings, the last stage the model's outputs.
   */
  readonly model: tf.LayersModel;
  /** Its random layers' numbers in the whole model, as evaluators take them. */
  readonly randomLayers: readonly number[];
  /** By layer of the whole model, nested ones included: what stands for it here. */
  readonly copies: ReadonlyMap<tf.layers.Layer, tf.layers.Layer>;
}

/**
 * Stage number `stage` of `whole`, which may be hollow. Its layers have the weights that they start with by themselves.
 */
export function buildStage(whole: tf.LayersModel, plan: StagePlan, stage: number): StageModel {
  const { modelInputs, takes, gives, layers: names } = plan.stages[stage]!;
  const own = new Set(names);
  const calls = callsOf(whole);
  const byName = new Map(calls.flatMap(({ outputs }) => outputs.map((tensor) => [nameOf(tensor), tensor])));
  const tensorOf = (crossing: number) => byName.get(plan.crossings[crossing]!.tensor)!;

  const inputs: tf.SymbolicTensor[] = [];
  const here = new Map<SymbolicTensor, SymbolicTensor>();
  const enters = (tensor: SymbolicTensor, name: string) => {
    const [, ...shape] = tensor.shape;
    const input = tf.input({ shape, dtype: tensor.dtype, name });
    inputs.push(input);
    here.set(tensor, input);
  };
  for (const i of modelInputs) enters(whole.inputs[i]!, whole.inputs[i]!.sourceLayer.name);
  for (const i of takes) enters(tensorOf(i), `from_${plan.crossings[i]!.tensor.replaceAll(":", "_")}`);

  const copies = new Map<tf.layers.Layer, tf.layers.Layer>();
  // What is not trained may be in other stages, too: only what is made of what is here is made here.
  const isHere = ({ layer, inputs: taken, outputs: made }: Call) =>
    own.has(layer.name) &&
    taken.every((tensor) => here.has(tensor)) &&
    !made.some((tensor) => here.has(tensor));
  for (const call of calls) if (isHere(call)) apply(call, copies, here);
  const outputs = gives.length > 0 ? gives.map(tensorOf) : whole.outputs;
  const model = tf.model({ inputs, outputs: outputs.map((tensor) => here.get(tensor)!), name: whole.name });
  // TensorFlow.js orders layers by what follows them, which is elsewhere: θ is to be a part of the whole's.
  const place = new Map(whole.layers.map(({ name }, i) => [name, i]));
  model.layers.sort((a, b) => (place.get(a.name) ?? -1) - (place.get(b.name) ?? -1));
  return { model, randomLayers: randomNumbers(whole, model, copies), copies };
}

/** Applies the copy of the call's layer, which is made where it is used first. */
function apply(
  { layer, inputs, outputs, options }: Call,
  copies: Map<tf.layers.Layer, tf.layers.Layer>,
  here: Map<SymbolicTensor, SymbolicTensor>,
): void {
  const isNew = !copies.has(layer);
  const copy = copies.get(layer) ?? copyOf(layer);
  const taken = inputs.map((input) => here.get(input)!);
  const made = [copy.apply(taken.length === 1 ? taken[0]! : taken, options)].flat() as SymbolicTensor[];
  outputs.forEach((output, i) => here.set(output, made[i]!));
  if (!isNew) return;
  pair(layer, copy, copies);
  for (const [i, weight] of layer.weights.entries()) copy.weights[i]!.trainable = weight.trainable;
}

interface LayerClass {
  fromConfig(cls: LayerClass, config: Readonly<Record<string, unknown>>): tf.layers.Layer;
}

function copyOf(layer: tf.layers.Layer): tf.layers.Layer {
  const cls = layer.constructor as unknown as LayerClass;
  return cls.fromConfig(cls, layer.getConfig());
}

/** Notes which layer stands for which, also within models and wrappers, and freezes what is frozen there. */
function pair(
  layer: tf.layers.Layer,
  copy: tf.layers.Layer,
  copies: Map<tf.layers.Layer, tf.layers.Layer>,
): void {
  copies.set(layer, copy);
  copy.trainable = layer.trainable;
  const [inner, innerCopies] = [layer, copy].map((one) =>
    isContainer(one) ? one.layers : wrappedBy(one),
  ) as [tf.layers.Layer[], tf.layers.Layer[]];
  inner.forEach((one, i) => {
    pair(one, innerCopies[i]!, copies);
  });
}

/** The numbers in `whole` of what is random in `model`, in its order. */
function randomNumbers(
  whole: tf.LayersModel,
  model: tf.LayersModel,
  copies: ReadonlyMap<tf.layers.Layer, tf.layers.Layer>,
): number[] {
  const parts = randomPartsOf(whole);
  const numbersOf = new Map([...copies].map(([layer, copy]) => [copy, numbersIn(layer, parts)]));
  const layers = new Set([...layersOf(model)].map(({ layer }) => layer));
  return [...layers].flatMap((layer) => numbersOf.get(layer) ?? []);
}

/** Gives the stage's layers the values that `whole`, which is not hollow, has. */
export function takeWeights({ copies }: StageModel, whole: tf.LayersModel): void {
  for (const layer of whole.layers) {
    // Whoever made the model may hold its tensors: their memory is not to be written to.
    const values = layer
      .getWeights()
      .map((weight) => tf.tensor(weight.dataSync(), weight.shape, weight.dtype));
    copies.get(layer)?.setWeights(values);
    tf.dispose(values);
  }
}

/** Gives the stage's layers the first values that were noted of theirs. */
export function setNoted({ model }: StageModel, values: LayerValues): void {
  for (const layer of model.layers) {
    const noted = values.get(layer.name);
    if (noted) setValues(layer, noted);
  }
}

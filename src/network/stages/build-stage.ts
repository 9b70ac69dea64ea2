import type { SymbolicTensor } from "@tensorflow/tfjs";
import { tf } from "../../compute/tensorflow.js";
import type { Weight } from "../add-weight.js";
import type { LayerValues } from "../hollow.js";
import { isContainer, layersOf, wrappedBy } from "../inspect/graph.js";
import { numbersIn, randomPartsOf } from "../inspect/random.js";
import { setValues } from "../models/initialise.js";
import { valuesAwaited } from "../waiting.js";
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
  /** The same of weights. */
  readonly weights: ReadonlyMap<Weight, Weight>;
}

/** What stands for what. */
interface Pairs {
  readonly copies: Map<tf.layers.Layer, tf.layers.Layer>;
  readonly weights: Map<Weight, Weight>;
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

  const pairs: Pairs = { copies: new Map(), weights: new Map() };
  // What is not trained may be in other stages, too: only what is made of what is here is made here.
  const isHere = ({ layer, inputs: taken, outputs: made }: Call) =>
    own.has(layer.name) &&
    taken.every((tensor) => here.has(tensor)) &&
    !made.some((tensor) => here.has(tensor));
  for (const call of calls) if (isHere(call)) apply(call, pairs, here);
  const outputs = gives.length > 0 ? gives.map(tensorOf) : whole.outputs;
  const model = tf.model({ inputs, outputs: outputs.map((tensor) => here.get(tensor)!), name: whole.name });
  // TensorFlow.js orders layers by what follows them, which is elsewhere: θ is to be a part of the whole's.
  const place = new Map(whole.layers.map(({ name }, i) => [name, i]));
  model.layers.sort((a, b) => (place.get(a.name) ?? -1) - (place.get(b.name) ?? -1));
  return { model, randomLayers: randomNumbers(whole, model, pairs.copies), ...pairs };
}

/** Applies the copy of the call's layer, which is made where it is used first. */
function apply(
  { layer, inputs, outputs, options }: Call,
  pairs: Pairs,
  here: Map<SymbolicTensor, SymbolicTensor>,
): void {
  const known = pairs.copies.get(layer);
  const copy = known ?? copyOf(layer);
  const taken = inputs.map((input) => here.get(input)!);
  const made = [copy.apply(taken.length === 1 ? taken[0]! : taken, options)].flat() as SymbolicTensor[];
  outputs.forEach((output, i) => here.set(output, made[i]!));
  if (known === undefined) pair(layer, copy, pairs);
}

interface LayerClass {
  fromConfig(cls: LayerClass, config: Readonly<Record<string, unknown>>): tf.layers.Layer;
}

function copyOf(layer: tf.layers.Layer): tf.layers.Layer {
  const cls = layer.constructor as unknown as LayerClass;
  return cls.fromConfig(cls, layer.getConfig());
}

/** Notes what stands for what, also within models and wrappers, and freezes what is frozen there. */
function pair(layer: tf.layers.Layer, copy: tf.layers.Layer, pairs: Pairs): void {
  const { copies, weights } = pairs;
  copies.set(layer, copy);
  copy.trainable = layer.trainable;
  const [inner, innerCopies] = [layer, copy].map((one) =>
    isContainer(one) ? one.layers : wrappedBy(one),
  ) as [tf.layers.Layer[], tf.layers.Layer[]];
  inner.forEach((one, i) => {
    pair(one, innerCopies[i]!, pairs);
  });
  const paired = new Set(weights.values());
  const own = asMade(layer).filter((weight) => !weights.has(weight));
  const ownCopies = asMade(copy).filter((weight) => !paired.has(weight));
  for (const [i, weight] of own.entries()) {
    ownCopies[i]!.trainable = weight.trainable;
    weights.set(weight, ownCopies[i]!);
  }
}

/** A layer's weights in the order in which it made them: the layer's own depends on which are trained. */
function asMade({ weights }: tf.layers.Layer): Weight[] {
  return weights.toSorted((a, b) => a.id - b.id);
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

/** Gives the stage's layers the values that `whole`, whose weights may wait, has or would have. */
export function takeWeights({ weights }: StageModel): void {
  for (const [weight, copy] of weights) {
    const values = valuesAwaited(weight) ?? copied(weight.read());
    copy.write(values);
    values.dispose();
  }
}

/** Whoever made a tensor may hold it: its memory is not to be written to. */
function copied(tensor: tf.Tensor): tf.Tensor {
  return tf.tensor(tensor.dataSync(), tensor.shape, tensor.dtype);
}

/** Gives the stage's layers the first values that were noted of theirs. */
export function setNoted({ model }: StageModel, values: LayerValues): void {
  for (const layer of model.layers) {
    const noted = values.get(layer.name);
    if (noted) setValues(layer, noted);
  }
}

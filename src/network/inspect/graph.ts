import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";

/** A model within a model: a layer that has layers of its own. Told by what it has, for another copy of TensorFlow.js has other classes. */
export type Container = tf.LayersModel;

/** A tensor of a model's graph, and within which use of which nested model it is. */
export interface Place {
  readonly tensor: SymbolicTensor;
  readonly scope?: Scope | undefined;
}

/** One use of a nested model. */
interface Scope {
  readonly container: Container;
  /** Its result, in the graph around it. */
  readonly call: Place;
}

export function isContainer(layer: object): layer is Container {
  const { layers, outputs } = layer as Partial<Container>;
  return Array.isArray(layers) && Array.isArray(outputs);
}

/** The same tensor where a layer that is no model makes it: into nested models, and out of them at their inputs. */
export function resolve(place: Place): Place {
  let { tensor, scope } = place;
  for (;;) {
    const layer: tf.layers.Layer = tensor.sourceLayer;
    if (isContainer(layer)) {
      const index: number = tensor.outputTensorIndex ?? 0;
      scope = { container: layer, call: { tensor, scope } };
      tensor = layer.outputs[index]!;
    } else if (layer.getClassName() === "InputLayer" && scope !== undefined) {
      const input = scope.container.inputs.indexOf(tensor);
      ({ tensor, scope } = { tensor: scope.call.tensor.inputs[input]!, scope: scope.call.scope });
    } else return { tensor, scope };
  }
}

/** What the layer that makes `place`, a resolved one, reads. */
export function inputsOf({ tensor, scope }: Place): Place[] {
  return tensor.inputs.map((input) => resolve({ tensor: input, scope }));
}

/** All tensors that the model's output depends on, resolved, its output first; a layer used twice is there twice. */
export function* placesOf(model: Container): Generator<Place> {
  const seen = new Set<string>();
  const waiting = model.outputs.map((tensor) => resolve({ tensor }));
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const key = keyOf(place);
    if (seen.has(key)) continue;
    seen.add(key);
    yield place;
    waiting.push(...inputsOf(place));
  }
}

/** How often a layer is applied in the model. */
export function usesOf(model: Container, layer: tf.layers.Layer): number {
  let uses = 0;
  for (const { tensor } of placesOf(model)) if (tensor.sourceLayer === layer) uses++;
  return uses;
}

/** The tensor and all the uses it is in: the same for the same place alone. */
export function keyOf({ tensor, scope }: Place): string {
  return scope ? `${keyOf(scope.call)}/${tensor.id}` : String(tensor.id);
}

/** A layer of a model or of one nested in it. */
export interface Placed {
  readonly layer: tf.layers.Layer;
  /** The models and wrappers around it, the outermost first. */
  readonly around: readonly tf.layers.Layer[];
}

/** Every layer of `model` and of the models and wrappers in it, the containers themselves left out. */
export function* layersOf(model: Container, around: readonly tf.layers.Layer[] = []): Generator<Placed> {
  for (const layer of model.layers) yield* within(layer, [...around, model]);
}

function* within(layer: tf.layers.Layer, around: readonly tf.layers.Layer[]): Generator<Placed> {
  if (isContainer(layer)) {
    yield* layersOf(layer, around);
    return;
  }
  yield { layer, around };
  for (const inner of wrappedBy(layer)) yield* within(inner, [...around, layer]);
}

/** The layers that a wrapper (TimeDistributed, Bidirectional) applies. */
export function wrappedBy(layer: tf.layers.Layer): tf.layers.Layer[] {
  const { layer: inner, forwardLayer, backwardLayer } = layer as unknown as Record<string, tf.layers.Layer>;
  return [inner, forwardLayer, backwardLayer].filter((wrapped) => wrapped !== undefined);
}

/** Whether a layer stays as it is: not trained itself, or within what is not. */
export function isFrozen({ layer, around }: Placed): boolean {
  return [...around, layer].some(({ trainable }) => !trainable);
}

/** The names of a model's inputs or outputs; a Sequential has its own only once it has computed. */
export function namesOf(tensors: readonly SymbolicTensor[]): string[] {
  return tensors.map(({ sourceLayer }) => sourceLayer.name);
}

/** `Dense "dense_1"` */
export function shown(layer: tf.layers.Layer): string {
  return `${layer.getClassName()} "${layer.name}"`;
}

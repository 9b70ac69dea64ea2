import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";

type Layer = tf.layers.Layer;

/** A model, or one that is a layer of another. */
interface Container {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  readonly layers: readonly Layer[];
}

/** Whether a layer is a model. Not by `instanceof`: there may be several copies of TensorFlow.js. */
function isContainer(layer: unknown): layer is Container {
  return Array.isArray((layer as Partial<Container>).layers);
}

/** All layers, also those of nested models and those that others wrap. */
export function allLayers(model: Container): Layer[] {
  return model.layers.flatMap((layer) => {
    const { layer: wrapped } = layer as { layer?: Layer };
    const inner = isContainer(layer) ? allLayers(layer) : wrapped ? [wrapped] : [];
    return [layer, ...inner];
  });
}

/**
 * The layers that read the model's input, one entry for each time they do: those behind layers that it only passes,
 * and those inside nested models.
 */
export function inputReaders(model: Container, passes: (layer: Layer) => boolean): Layer[] {
  return readers(model, passes, () => []);
}

/** @param behind the readers of what the model returns */
function readers(model: Container, passes: (layer: Layer) => boolean, behind: () => Layer[]): Layer[] {
  const applications = applicationsIn(model);
  const follow = (tensor: SymbolicTensor): Layer[] => [
    ...(model.outputs.includes(tensor) ? behind() : []),
    ...applications.flatMap((result) => {
      if (!result.inputs.includes(tensor)) return [];
      const layer = result.sourceLayer;
      if (isContainer(layer)) return readers(layer, passes, () => follow(result));
      return passes(layer) ? follow(result) : [layer];
    }),
  ];
  return follow(model.inputs[0]!);
}

/** How often the model's graph, nested models included, applies a layer. */
export function timesApplied(model: Container, wanted: Layer): number {
  return applicationsIn(model).reduce((sum, { sourceLayer: layer }) => {
    const inside = isContainer(layer) ? timesApplied(layer, wanted) : 0;
    return sum + inside + (layer === wanted ? 1 : 0);
  }, 0);
}

/** Every tensor that the model's outputs depend on: each is one application of its `sourceLayer`. */
function applicationsIn(model: Container): SymbolicTensor[] {
  const found = new Set<SymbolicTensor>();
  const visit = (tensor: SymbolicTensor): void => {
    if (found.has(tensor)) return;
    found.add(tensor);
    tensor.inputs.forEach(visit);
  };
  model.outputs.forEach(visit);
  return [...found];
}

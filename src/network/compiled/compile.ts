import { sizeOf } from "../../data/dataset.js";
import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import type { Goal } from "../goal/goal.js";
import {
  inputsOf,
  isFrozen,
  keyOf,
  layersOf,
  type Place,
  placesOf,
  resolve,
  wrappedBy,
} from "../inspect/graph.js";
import { randomPartsOf } from "../inspect/random.js";
import { isVariable } from "../parameters.js";
import { sampleShape, UnsupportedLayer } from "./layers/layer-call.js";
import { layerBuilders } from "./layers/layers.js";
import type { Operation, RunningStatistics } from "./operation.js";

/** A LayersModel as operations on the heap. What its losses have, a softmax or sigmoid at the end, is left out. */
export interface CompiledNetwork {
  /** In the order they run; operation 0, the first input, is not among them: `operations[i]` is number i + 1. */
  readonly operations: readonly Operation[];
  /** The numbers of the inputs: 0, and those of operations that stand for the others. */
  readonly inputs: readonly number[];
  /** Floats per sample of each. */
  readonly inputSizes: readonly number[];
  /** The operations whose results the losses are of, each once. */
  readonly outputs: readonly number[];
  /** The weights that several operations read. */
  readonly sharedWeights: ReadonlySet<number>;
  /** Whether some layers draw anew in each step. */
  readonly isRandom: boolean;
  /** The batch normalisations among the operations, in the order of the model's layers, as everywhere. */
  readonly statistics: readonly RunningStatistics[];
  /** Weights by number: the trainable ones as θ has them, then those that are not trained. */
  readonly variables: readonly tf.Variable[];
}

/**
 * Translates `model`, whose trainable variables are `trainable` in the order of θ.
 * @throws UnsupportedLayer naming the layer and what of it has no kernels here
 */
export function compile(
  model: tf.LayersModel,
  { outputs: goals }: Goal,
  trainable: readonly tf.Variable[],
  heap: Heap,
): CompiledNetwork {
  const variables = [...trainable];
  const operations: Operation[] = [];
  const done = new Map<string, number>();
  const applied = new Set<tf.layers.Layer>();
  const shared = new Set<number>([0]);
  const consumers = consumerCounts(model);
  const folded = new Set(goals.map((goal) => goal.folded?.layer));
  const random = randomPartsOf(model).layers;
  const frozen = new Set([...layersOf(model)].filter(isFrozen).map(({ layer }) => layer));

  const inputSizes = model.inputs.map((input) => sizeOf(sampleShape(input)));
  const inputs = inputSizes.map((size, i) => (i === 0 ? 0 : operations.push(inputOperation(size))));

  const numberOf = (variable: tf.Tensor): number => {
    if (!isVariable(variable)) throw new TypeError(`A weight of "${model.name}" is not a variable.`);
    const known = variables.indexOf(variable);
    return known >= 0 ? known : variables.push(variable) - 1;
  };

  const translate = (place: Place): number => {
    const { tensor } = place;
    const key = keyOf(place);
    const known = done.get(key);
    if (known !== undefined) return known;
    const layer = tensor.sourceLayer;
    const kind = layer.getClassName();
    let operation: number;
    if (kind === "InputLayer") operation = inputs[model.inputs.indexOf(tensor)]!;
    else {
      const builder = layerBuilders[kind];
      if (builder === undefined)
        throw new UnsupportedLayer(`${kind} "${layer.name}" has no kernels of its own.`);
      if ([layer, ...wrappedBy(layer)].some(regularisesActivity))
        throw new UnsupportedLayer(`"${layer.name}" has an activity regulariser.`);
      if ((tensor.outputTensorIndex ?? 0) > 0)
        throw new UnsupportedLayer(`More than the first result of "${layer.name}" is used.`);
      if (random.has(layer) && applied.has(layer))
        throw new UnsupportedLayer(`"${layer.name}" is random, and used more than once.`);
      applied.add(layer);
      operation = builder({
        heap,
        layer,
        config: layer.getConfig(),
        inputs: inputsOf(place).map((input) => ({
          operation: translate(input),
          shape: sampleShape(input.tensor),
        })),
        outputShape: sampleShape(tensor),
        weights: layer.weights.map((weight) => numberOf(weight.read())),
        isFolded: folded.has(layer),
        randomLayer: random.get(layer),
        isFrozen: frozen.has(layer),
        isInput: (i) => inputs.includes(i),
        add: (make) => operations.push(make(operations.length + 1)),
        exclusive: (i) => (shared.has(i) ? undefined : operations[i - 1]),
        remove: (i) => {
          if (i !== operations.length)
            throw new RangeError(`Operation ${i} is not the last, ${operations.length} is.`);
          operations.pop()!.dispose?.();
        },
      });
    }
    if (consumers.get(key)! > 1 || kind === "InputLayer") shared.add(operation);
    done.set(key, operation);
    return operation;
  };

  const outputs = model.outputs.map((output) => translate(resolve({ tensor: output })));
  if (new Set(outputs).size < outputs.length || outputs.some((output) => inputs.includes(output)))
    throw new UnsupportedLayer("two outputs are the same, or an input.");
  const places = [...layersOf(model)].flatMap(({ layer }) => layer.weights.map((weight) => weight.read()));
  const placeOf = ({ mean }: RunningStatistics): number => places.indexOf(variables[mean]!);
  return {
    operations,
    inputs,
    inputSizes,
    outputs,
    sharedWeights: sharedWeightsOf(operations),
    isRandom: operations.some((operation) => operation.isRandom),
    statistics: operations
      .flatMap(({ statistics }) => statistics ?? [])
      .sort((one, other) => placeOf(one) - placeOf(other)),
    variables,
  };
}

function regularisesActivity(layer: tf.layers.Layer): boolean {
  return (layer as unknown as { activityRegularizer?: unknown }).activityRegularizer != null;
}

/** What stands for an input but the first: its values are the chunk's, and nothing is to be done. */
function inputOperation(size: number): Operation {
  return {
    inputs: [],
    size,
    weights: [],
    isInput: true,
    forward: () => undefined,
    backward: () => undefined,
  };
}

/** The weights of layers that are applied several times. */
function sharedWeightsOf(operations: readonly Operation[]): Set<number> {
  const all = operations.flatMap(({ weights }) => weights);
  return new Set(all.filter((weight, i) => all.indexOf(weight) < i));
}

/** How many layers read each tensor that the outputs depend on, in each place; an output itself has one more reader. */
function consumerCounts(model: tf.LayersModel): Map<string, number> {
  const counts = new Map(model.outputs.map((output) => [keyOf(resolve({ tensor: output })), 1]));
  for (const place of placesOf(model)) {
    for (const input of inputsOf(place)) counts.set(keyOf(input), (counts.get(keyOf(input)) ?? 0) + 1);
  }
  return counts;
}

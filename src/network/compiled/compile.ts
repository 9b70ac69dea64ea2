import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import { inputsOf, isFrozen, layersOf, placesOf, resolve, type Place } from "../inspect/graph.js";
import { endingOf } from "../inspect/output.js";
import { isVariable } from "../parameters.js";
import { product, sampleShape, UnsupportedLayer } from "./layer-call.js";
import { layerBuilders } from "./layers.js";
import type { Operation, RunningStatistics } from "./operation.js";

/** A LayersModel as operations on the heap. Its results are logits: a final softmax is left out. */
export interface CompiledNetwork {
  /** In the order they run; operation 0, the input, is not among them: `operations[i]` is number i + 1. */
  readonly operations: readonly Operation[];
  /** Floats per sample of the input. */
  readonly inputSize: number;
  /** The operation whose result is the logits (rows, classes). */
  readonly output: number;
  readonly classes: number;
  /** The batch normalisations among the operations, in order. */
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
  trainable: readonly tf.Variable[],
  heap: Heap,
): CompiledNetwork {
  const variables = [...trainable];
  const operations: Operation[] = [];
  const done = new Map<SymbolicTensor, number>();
  const applied = new Set<tf.layers.Layer>();
  const shared = new Set<number>([0]);
  const output = model.outputs[0]!;
  const consumers = consumerCounts(model);
  const ending = endingOf(model, `"${model.name}"`);
  const frozen = new Set([...layersOf(model)].filter(isFrozen).map(({ layer }) => layer));

  const numberOf = (variable: tf.Tensor): number => {
    if (!isVariable(variable)) throw new TypeError(`A weight of "${model.name}" is not a variable.`);
    const known = variables.indexOf(variable);
    return known >= 0 ? known : variables.push(variable) - 1;
  };

  const translate = (place: Place): number => {
    const { tensor } = place;
    const known = done.get(tensor);
    if (known !== undefined) return known;
    const layer = tensor.sourceLayer;
    const kind = layer.getClassName();
    let operation = 0;
    if (kind !== "InputLayer") {
      const builder = layerBuilders[kind];
      if (builder === undefined)
        throw new UnsupportedLayer(`${kind} "${layer.name}" has no kernels of its own.`);
      if (applied.has(layer)) throw new UnsupportedLayer(`"${layer.name}" is used more than once.`);
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
        isSoftmaxOfLoss: ending.kind !== "logits" && ending.layer === layer,
        isFrozen: frozen.has(layer),
        add: (make) => operations.push(make(operations.length + 1)),
        exclusive: (i) => (shared.has(i) ? undefined : operations[i - 1]),
        remove: (i) => {
          if (i !== operations.length)
            throw new RangeError(`Operation ${i} is not the last, ${operations.length} is.`);
          operations.pop()!.dispose?.();
        },
      });
    }
    if (consumers.get(tensor)! > 1) shared.add(operation);
    done.set(tensor, operation);
    return operation;
  };

  const last = translate(resolve({ tensor: output }));
  return {
    operations,
    inputSize: product(sampleShape(model.inputs[0]!)),
    output: last,
    classes: sampleShape(output).at(-1)!,
    statistics: operations.flatMap(({ statistics }) => statistics ?? []),
    variables,
  };
}

/** How many layers read each tensor that the output depends on; the output itself has one more reader. */
function consumerCounts(model: tf.LayersModel): Map<SymbolicTensor, number> {
  const counts = new Map([[resolve({ tensor: model.outputs[0]! }).tensor, 1]]);
  for (const place of placesOf(model)) {
    for (const { tensor } of inputsOf(place)) counts.set(tensor, (counts.get(tensor) ?? 0) + 1);
  }
  return counts;
}

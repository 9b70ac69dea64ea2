import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import { isVariable } from "../layout.js";
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
  const consumers = consumerCounts(output);

  const numberOf = (variable: tf.Tensor): number => {
    if (!isVariable(variable)) throw new TypeError(`A weight of "${model.name}" is not a variable.`);
    const known = variables.indexOf(variable);
    return known >= 0 ? known : variables.push(variable) - 1;
  };

  const translate = (tensor: SymbolicTensor): number => {
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
        inputs: tensor.inputs.map((input) => ({ operation: translate(input), shape: sampleShape(input) })),
        outputShape: sampleShape(tensor),
        weights: layer.weights.map((weight) => numberOf(weight.read())),
        isOutput: tensor === output,
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

  const last = translate(output);
  return {
    operations,
    inputSize: product(sampleShape(model.inputs[0]!)),
    output: last,
    classes: sampleShape(output).at(-1)!,
    statistics: operations.flatMap(({ statistics }) => statistics ?? []),
    variables,
  };
}

/** How many layers read each tensor that `output` depends on. */
function consumerCounts(output: SymbolicTensor): Map<SymbolicTensor, number> {
  const counts = new Map([[output, 1]]);
  const visit = (tensor: SymbolicTensor) => {
    for (const input of tensor.inputs) {
      const known = counts.get(input);
      counts.set(input, (known ?? 0) + 1);
      if (known === undefined) visit(input);
    }
  };
  visit(output);
  return counts;
}

import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import { product, sampleShape, UnsupportedLayer } from "./layer-call.js";
import { layerBuilders } from "./layers.js";
import type { Operation } from "./operation.js";

/** A LayersModel as operations on the heap. Its results are logits: a final softmax is left out. */
export interface CompiledNetwork {
  /** In the order they run; operation 0, the input, is not among them: `operations[i]` is number i + 1. */
  readonly operations: readonly Operation[];
  /** Floats per sample of the input. */
  readonly inputSize: number;
  /** The operation whose result is the logits (rows, classes). */
  readonly output: number;
  readonly classes: number;
  /** Weights by number: the trainable ones as θ has them, then those that are not trained. */
  readonly variables: readonly tf.Tensor[];
}

/**
 * Translates `model`, whose trainable variables are `trainable` in the order of θ.
 * @throws UnsupportedLayer naming the layer and what of it has no kernels here
 */
export function compile(model: tf.LayersModel, trainable: readonly tf.Variable[]): CompiledNetwork {
  const variables: tf.Tensor[] = [...trainable];
  const operations: Operation[] = [];
  const done = new Map<SymbolicTensor, number>();
  const applied = new Set<tf.layers.Layer>();
  const output = model.outputs[0]!;

  const numberOf = (variable: tf.Tensor): number => {
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
        layer,
        config: layer.getConfig(),
        inputs: tensor.inputs.map((input) => ({ operation: translate(input), shape: sampleShape(input) })),
        outputShape: sampleShape(tensor),
        weights: layer.weights.map((weight) => numberOf(weight.read())),
        isOutput: tensor === output,
        add: (make) => operations.push(make(operations.length + 1)),
      });
    }
    done.set(tensor, operation);
    return operation;
  };

  return {
    operations,
    inputSize: product(sampleShape(model.inputs[0]!)),
    output: translate(output),
    classes: sampleShape(output).at(-1)!,
    variables,
  };
}

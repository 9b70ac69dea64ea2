import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import type { Container } from "../inspect/graph.js";

/** One use of a layer of a model: a nested model is one layer. */
export interface Call {
  readonly layer: tf.layers.Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** What it is called with beside its inputs. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface Node {
  readonly inputTensors: SymbolicTensor[];
  readonly outputTensors: SymbolicTensor[];
  readonly callArgs?: Record<string, unknown>;
}

/**
 * The uses of layers that the outputs of `model` depend on, each behind those it reads, and otherwise in the order of the
 * model's layers. Inputs of the model are none.
 */
export function callsOf(model: Container): Call[] {
  const place = new Map(model.layers.map((layer, i) => [layer, i]));
  const calls = new Map<object, Call>();
  const makers = new Map<number, object>();
  const waiting = [...model.outputs];
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    if (makers.has(tensor.id) || model.inputs.includes(tensor)) continue;
    const layer: tf.layers.Layer = tensor.sourceLayer;
    const node = (layer as unknown as { inboundNodes: Node[] }).inboundNodes[tensor.nodeIndex]!;
    const { inputTensors: inputs, outputTensors: outputs, callArgs: options = {} } = node;
    calls.set(node, { layer, inputs, outputs, options });
    for (const output of outputs) makers.set(output.id, node);
    waiting.push(...inputs);
  }

  const waitsFor = new Map([...calls].map(([node, { inputs }]) => [node, new Set(makersOf(inputs, makers))]));
  const ordered: Call[] = [];
  while (waitsFor.size > 0) {
    const ready = [...waitsFor].filter(([, makers]) => makers.size === 0).map(([node]) => node);
    const next = ready.reduce((a, b) => (placeOf(b) < placeOf(a) ? b : a));
    ordered.push(calls.get(next)!);
    waitsFor.delete(next);
    for (const makers of waitsFor.values()) makers.delete(next);
  }
  return ordered;

  function placeOf(node: object): number {
    return place.get(calls.get(node)!.layer) ?? Infinity;
  }
}

function makersOf(tensors: readonly SymbolicTensor[], makers: ReadonlyMap<number, object>): object[] {
  return tensors.flatMap((tensor) => makers.get(tensor.id) ?? []);
}

/** Without the batch dimension; dimensions of unknown size count one. */
export function shapeOf(tensor: SymbolicTensor): number[] {
  return tensor.shape.slice(1).map((size) => size ?? 1);
}

import { sizeOf } from "../../data/dataset.js";
import type { tf } from "../../compute/tensorflow.js";
import { isContainer, layersOf, wrappedBy } from "../inspect/graph.js";
import { shapeOf, type Call } from "./calls.js";

/*
 * What layers cost, counted and not timed, so that a network is cut alike whenever and wherever it is: an IAPTS run of the
 * same seed is the same run.
 */

/** Of one use of a layer. */
export interface Cost {
  /** Operations on floating-point numbers of a sample's forward pass; its backward pass takes twice as many. */
  readonly flops: number;
  /** Trainable numbers, of all uses of the layer. */
  readonly parameters: number;
  /** Bytes of a sample's results. */
  readonly resultBytes: number;
}

/** What a number of a result takes beside products: it is read and written, in passes that count as so many operations. */
const PASSES = 8;

/** Layers that look their weights up. */
const LOOKS_UP = new Set(["Embedding"]);

export function costOf(call: Call): Cost {
  const { layer, inputs, outputs } = call;
  const results = outputs.reduce((sum, output) => sum + sizeOf(shapeOf(output)), 0);
  const inner = isContainer(layer) ? [...layersOf(layer)].map((placed) => placed.layer) : [];
  const innerResults = inner.map((one) => sizeOf(resultOf(one)));
  const products = isContainer(layer)
    ? inner.reduce((sum, one, i) => sum + productsOf(one, innerResults[i]!, inputOf(one)), 0)
    : productsOf(layer, results, shapeOf(inputs[0]!)) + pairedProducts(call);
  const numbers = results + innerResults.reduce((sum, size) => sum + size, 0);
  return {
    flops: 2 * products + PASSES * numbers,
    parameters: layer.trainableWeights.reduce((sum, weight) => sum + sizeOf(weight.shape as number[]), 0),
    resultBytes: 4 * numbers,
  };
}

/**
 * Bytes of a sample's results and of gradients by them, where these calls follow each other: at its backward pass a call has
 * two gradients beside the results in front of it.
 * @returns those of the first call, of the first two, …
 */
export function activationBytesOf(costs: readonly Pick<Cost, "resultBytes">[]): number[] {
  let [sum, before, most] = [0, 0, 0];
  return costs.map(({ resultBytes }) => {
    if (resultBytes === 0) return most;
    sum += resultBytes;
    most = Math.max(most, sum + resultBytes + before);
    before = resultBytes;
    return most;
  });
}

/** Multiplications with weights: of every matrix or filter, once for each position of the result, or each time step. */
function productsOf(layer: tf.layers.Layer, results: number, input: readonly number[]): number {
  if (LOOKS_UP.has(layer.getClassName())) return 0;
  const isRecurrent = [layer, ...wrappedBy(layer)].some((one) => "cell" in one);
  return layer.weights.reduce((sum, weight) => {
    const shape = weight.shape as number[];
    if (shape.length < 2) return sum;
    const channels =
      layer.getClassName() === "DepthwiseConv2D" ? shape.at(-1)! * shape.at(-2)! : shape.at(-1)!;
    return sum + sizeOf(shape) * (isRecurrent ? (input[0] ?? 1) : Math.max(1, results / channels));
  }, 0);
}

/** Of results with results. */
function pairedProducts({ layer, inputs, outputs }: Call): number {
  if (layer.getClassName() !== "Dot") return 0;
  const [a, b] = inputs.map((input) => sizeOf(shapeOf(input)));
  // (m, k) · (k, n) → (m, n): the product of the sizes of all three is (mkn)²
  return Math.sqrt(a! * b! * sizeOf(shapeOf(outputs[0]!)));
}

interface Shapes {
  readonly inputShapes: Shape | Shape[];
  readonly outputShapes: Shape | Shape[];
}
type Shape = (number | null)[];

function inputOf(layer: tf.layers.Layer): number[] {
  return firstOf(firstNode(layer).inputShapes);
}

function resultOf(layer: tf.layers.Layer): number[] {
  return firstOf(firstNode(layer).outputShapes);
}

function firstNode(layer: tf.layers.Layer): Shapes {
  return (
    (layer as unknown as { inboundNodes: Shapes[] }).inboundNodes[0] ?? { inputShapes: [], outputShapes: [] }
  );
}

/** Without the batch dimension, of the first of several. */
function firstOf(shapes: Shape | Shape[]): number[] {
  const [first = []] = Array.isArray(shapes[0]) ? (shapes as Shape[]) : [shapes as Shape];
  return first.slice(1).map((size) => size ?? 1);
}

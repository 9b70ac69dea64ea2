import { startBackend, type ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import type { Chunk } from "../../src/network/evaluator.js";
import { randomValues } from "../compute/wasm/compare.js";

export async function wasm(): Promise<ComputeBackend> {
  return startBackend({ backend: "wasm", threads: 1 });
}

/** Samples of the model's input shape with values in (−1, 1), and labels of one class each. */
export function randomChunk(model: tf.LayersModel, rows: number, seed: number): Chunk {
  const shape = model.inputs[0]!.shape.slice(1) as number[];
  const classes = model.outputs[0]!.shape.at(-1)!;
  const x = randomValues(rows * tf.util.sizeFromShape(shape), seed);
  const y = new Float32Array(rows * classes);
  for (let i = 0; i < rows; i++) y[i * classes + ((i * 7 + seed) % classes)] = 1;
  return { x: tf.tensor(x, [rows, ...shape]), y: tf.tensor2d(y, [rows, classes]), rows };
}

export function dispose(...chunks: Chunk[]): void {
  for (const chunk of chunks) tf.dispose([chunk.x, chunk.y]);
}

/** θ with entries in (−½, ½). */
export function randomTheta(dimension: number, seed: number): Float32Array {
  return randomValues(dimension, seed).map((value) => value / 2);
}

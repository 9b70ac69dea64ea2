import type { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import type { ComputeBackend } from "../compute/backend.js";
import type { ChunkMemory } from "./compiled/chunk-memory.js";
import { CompiledEvaluator } from "./compiled/evaluator.js";
import { UnsupportedLayer } from "./compiled/layers/layer-call.js";
import type { Goal } from "./goal/goal.js";
import type { ParameterLayout } from "./layout.js";
import type { TensorPart } from "./tensor-part.js";
import { TapeEvaluator } from "./tape/evaluator.js";

/** Floats on the WebAssembly heap. */
export interface HeapArray {
  /** Of the first, in bytes. */
  readonly address: number;
  /** How many. */
  readonly size: number;
}

/** A piece of a batch where an evaluator reads it; everything is float32. */
export interface Chunk<Place extends tf.Tensor | HeapArray = tf.Tensor | HeapArray> {
  readonly rows: number;
  /** Their numbers in the training set: what is random for a sample depends on it. */
  readonly samples: Int32Array;
  /** One for each input of the model: (rows, ...shape), normalised. */
  readonly inputs: readonly Place[];
  /** One for each output. */
  readonly targets: readonly ChunkTarget<Place>[];
}

/** One that every evaluator of a backend reads. */
export type TensorChunk = Chunk<tf.Tensor>;

export interface ChunkTarget<Place extends tf.Tensor | HeapArray = tf.Tensor | HeapArray> {
  /** (rows, ...targetShape) of the output's goal */
  readonly values: Place;
  /** (rows) or (rows, steps) */
  readonly weights: Place | undefined;
}

/**
 * What a forward pass is for: training; training where all results are retained, if the evaluator can, until the next gradient of that
 * very chunk, which then need not compute them again (the same bits, in time for memory), or another θ; or inference, as the model predicts.
 */
export type Purpose = "training" | "retained" | "inference";

/**
 * Evaluates the goal of a LayersModel and its gradient, chunk by chunk. It keeps θ of its own; the model's variables
 * are only written by `exportModel`.
 */
export interface Evaluator {
  readonly layout: ParameterLayout;
  readonly goal: Goal;
  /** How it computes, for people. */
  readonly description: string;
  /** Where its chunks can be made, if not as tensors. */
  readonly memory?: ChunkMemory | undefined;
  /** Samples of the blocks in which it evaluates a chunk, where memory decides that; else Infinity. */
  readonly blockRows: number;
  /** Floating point operations of a sample's gradient, about; undefined where ranks may not compute the same bits of a chunk. */
  readonly cost?: number | undefined;
  /** Whether the network has layers that are random in training. */
  readonly isRandom: boolean;
  /** From now on these layers draw what belongs to step number `step`; at first 0. */
  setStep(step: number): void;
  /**
   * Makes sure that chunks of so many samples can be evaluated: batch normalisation sees all of them at once.
   * @throws UsageError that says what memory it takes
   */
  checkChunk(rows: number): void;
  /** θ (n,) as it stands; at first the model's own. */
  parameters(): Vector;
  setParameters(theta: Vector): void;
  /** The model with θ written into it. */
  exportModel(): tf.LayersModel;
  /**
   * Σ over the chunk's rows of `weight` times the sample's loss: its outputs', weighted, without penalties.
   * @param varying the only parts that change from call to call, where the caller knows: what does not depend on them
   *   is then computed once and kept. The result is the same, to the bit.
   */
  loss(chunk: Chunk, weight: number, varying?: readonly TensorPart[]): Promise<number>;
  /**
   * out ← the gradient of `loss(chunk, weight)` with respect to the wanted parts, at their places in θ; other entries
   * of the same tensors are undefined, and the rest of `out` (n,) is left alone. Returns the loss.
   * @param byInput byInput[i], where given, (rows · size of input i) ← the gradient with respect to input i
   * @param add add to what of `out` is wanted, rather than write over it: no vector is needed for that
   */
  gradient(
    chunk: Chunk,
    weight: number,
    wanted: readonly TensorPart[],
    out: Vector,
    byInput?: readonly (Vector | undefined)[],
    add?: boolean,
  ): Promise<number>;
  /**
   * out[i] (rows · size of output i) ← output i of the chunk as losses see it, without what they have folded: in
   * training, if not for another purpose. Targets are not looked at.
   */
  forward(chunk: Chunk, out: readonly Vector[], purpose?: Purpose): Promise<void>;
  /**
   * An input or targets of a chunk that are not a batch's; `disposeChunk` frees them.
   * @param shape (rows, …)
   */
  place(values: Vector, shape: readonly number[]): tf.Tensor | HeapArray;
  /**
   * sums (sumsOf(goal),) ← what the chunk adds to losses and metrics of the model as it predicts: with running
   * statistics, nothing random (src/network/scores.ts).
   */
  score(chunk: Chunk, sums: Vector): Promise<void>;
  /** How many running statistics there are: means and variances of all batch normalisations; mostly 0. */
  readonly statisticsSize: number;
  /**
   * out (statisticsSize,) ← `weight` times the statistics of the chunk at θ.
   * @param results results[i], where given, ← output i, as of `forward`
   */
  statistics(chunk: Chunk, weight: number, out: Vector, results?: readonly Vector[]): Promise<void>;
  /** Makes these the running statistics. */
  setStatistics(statistics: Vector): void;
  /** Releases the evaluator's memory; the model stays. */
  dispose(): void;
}

/** How an evaluator is to be made. */
export interface EvaluatorOptions {
  /** Bytes that intermediate results may take: samples are evaluated in blocks that fit. */
  readonly memory?: number;
  /** Of what random layers draw. */
  readonly seed?: number;
  /** The numbers of the model's random layers in a larger one that it is part of: there they draw the same. */
  readonly randomLayers?: readonly number[] | undefined;
  /** The model is nobody else's: its variables may hold θ, and nothing is held twice that need not be. */
  readonly inPlace?: boolean;
}

/** Bytes that intermediate results may take where nothing is said: half the WebAssembly heap. */
const DEFAULT_MEMORY = 2 ** 31;

/**
 * The fastest evaluator that knows all layers of `model` on this backend.
 * @throws UsageError where not even one sample fits
 */
export async function createEvaluator(
  model: tf.LayersModel,
  goal: Goal,
  backend: ComputeBackend,
  { memory = DEFAULT_MEMORY, ...options }: EvaluatorOptions = {},
): Promise<Evaluator> {
  const byTape = (description: string) => TapeEvaluator.create(model, goal, description, options);
  if (goal.objective) return byTape(`TensorFlow.js operations on ${backend.name}: an objective of one's own`);
  if (backend.heap === undefined) return byTape(`TensorFlow.js operations on ${backend.name}`);
  try {
    return new CompiledEvaluator(model, goal, backend.heap, memory, options);
  } catch (error) {
    if (!(error instanceof UnsupportedLayer)) throw error;
    return byTape(`TensorFlow.js operations: ${error.message}`);
  }
}

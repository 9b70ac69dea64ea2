import type { Heap } from "../../compute/wasm/heap.js";
import type { ActivationName } from "../../compute/wasm/kernels/activations.js";
import type { Units } from "../../compute/wasm/linear.js";
import type { Mask } from "./operations/attention-weights.js";
import type { Product } from "./operations/dot.js";
import type { Noise } from "../noise.js";

/**
 * One step of a network on the WebAssembly heap: y = F(inputs; parameters) for a block of samples, and its
 * derivatives. Operations are numbered in the order they run; operation 0 is the network's input.
 */
export interface Operation {
  /** Operations whose results it reads. */
  readonly inputs: readonly number[];
  /** Floats per sample of its result. */
  readonly size: number;
  /** Floats per sample that it keeps in `block.memory[own]` from its forward pass for the backward one. */
  readonly memory?: number;
  /** Rows of each of its products that a sample makes, where it has products of whole blocks. */
  readonly positions?: number;
  /** Numbers of the weights it reads. */
  readonly weights: readonly number[];
  /** Writes `block.values[own]`. */
  forward(block: Block): void;
  /**
   * From `frame.gradients[own]`, which it may overwrite: the gradients of its wanted weights, and those of its inputs
   * that are not 0 in `frame.gradients`. What a later consumer of an input has left there is added to.
   */
  backward(frame: Frame): void;
  /** Whether it can compute, and differentiate, some of its units (the last axis of its result and weights) alone. */
  readonly separable?: boolean;
  /** What it computes depends on the step, unless for inference. */
  readonly isRandom?: boolean;
  /** It is an input of the network: its result is there. */
  readonly isInput?: boolean;
  /** Takes over an activation that directly follows, if it can: y = f(F(…)). */
  fuse?(activation: ActivationName): boolean;
  /** Of a batch normalisation: the weights that hold its running mean and variance. */
  readonly statistics?: RunningStatistics;
  /** Of a padding: what it adds around each image, and the sizes with that. */
  readonly padding?: Padding & { readonly height: number; readonly width: number };
  /** Of a product of matrices. */
  readonly product?: Product;
  /** Of a factor and a bias that are not trained, and of nothing else. */
  readonly mask?: Mask | undefined;
  /** Its matrices are zero above their diagonal. */
  readonly isLower?: boolean;
  /** Frees what it has allocated on the heap. */
  dispose?(): void;
}

export interface RunningStatistics {
  /** Numbers of the weights. */
  readonly mean: number;
  readonly variance: number;
  readonly channels: number;
  /** Addresses of the last block's mean and variance: all that an operation has of a block outside its workspace. */
  readonly batchMean: number;
  readonly batchVariance: number;
}

export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Where operations find their operands for one block of samples: addresses on the heap. */
export interface Block {
  readonly heap: Heap;
  /** Samples in the block. */
  readonly rows: number;
  /** By operation: the result, (rows, size). */
  readonly values: readonly number[];
  /** By operation: what it keeps for its backward pass. */
  readonly memory: readonly number[];
  /** By weight. */
  readonly weights: readonly number[];
  /** By operation: the units to compute, of separable ones whose other results are there already; else all. */
  readonly units: readonly (Units | undefined)[];
  /** The numbers of the samples (rows), int32. */
  readonly samples: number;
  readonly noise: Noise;
  /** Whether batch normalisation uses its running statistics, not the block's own, and nothing is random. */
  readonly inference: boolean;
  /** Whether weight gradients are added to what is there: they are sums over blocks. */
  readonly accumulate: boolean;
}

/** A block on the way back; 0 is the address of what nobody wants. */
export interface Frame extends Block {
  /** By operation: the gradient by its result, (rows, size), where a wanted weight lies below. */
  readonly gradients: readonly number[];
  /** By operation: whether a later consumer has left its part in `gradients` already. */
  readonly written: boolean[];
  /** By operation: the units whose weights' gradients are wanted, of separable ones; else all. */
  readonly wantedUnits: readonly (Units | undefined)[];
  /** By weight. */
  readonly weightGradients: readonly number[];
}

/** Whether the gradient of `input` is to be added to what is there; and that there is something from now on. */
export function addsTo(frame: Frame, input: number): boolean {
  const adds = frame.written[input]!;
  frame.written[input] = true;
  return adds;
}

import { existsSync, readFileSync } from "node:fs";
import { instanceOf } from "./instance.js";
import type { Vector } from "./vector.js";

/*
 * Loops over vectors that V8 leaves far from what a core can do, in WebAssembly (src/compute/assembly/vectors.ts): the
 * plain loops' bits. Blocks small enough for a core's cache pass through its memory, as in sum-kernel.ts.
 */

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  largest(n: number, a: number): number;
  adam(n: number, m: number, v: number, theta: number, g: number, ...numbers: number[]): void;
  restrainedAdam(n: number, m: number, v: number, theta: number, g: number, ...numbers: number[]): void;
  draw(n: number, a: number, x: number, share: number): void;
}

/** Floats of a block: five arrays of it are a part of a core's second-level cache. */
export const BLOCK = 8192;

export interface VectorKernels extends Exports {
  /** Room for blocks of five vectors. */
  readonly blocks: readonly [Vector, Vector, Vector, Vector, Vector];
}

let loaded: VectorKernels | null | undefined;

/** Undefined on a processor without 128-bit vectors, and in a bundle, which has not their file: plain loops do the same. */
export function vectorKernels(): VectorKernels | undefined {
  if (loaded === undefined) loaded = load() ?? null;
  return loaded ?? undefined;
}

/** The block of `a` that begins at `from`. */
export function blockOf(a: Vector, from: number): Vector {
  return a.length <= BLOCK ? a : a.subarray(from, from + BLOCK);
}

function load(): VectorKernels | undefined {
  const file = new URL("vectors.wasm", import.meta.url);
  if (!existsSync(file)) return undefined;
  const exports = instanceOf(readFileSync(file)) as Exports | undefined;
  if (exports === undefined) return undefined;
  const block = (i: number) => new Float32Array(exports.memory.buffer, 4 * BLOCK * (i + 1), BLOCK);
  return { ...exports, blocks: [block(0), block(1), block(2), block(3), block(4)] };
}

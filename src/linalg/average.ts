import { BLOCK, blockOf, vectorKernels } from "./vector-kernels.js";
import type { Vector } from "./vector.js";

/** out ← a + share (x − a), in float64: an average drawn towards x. */
export function drawn(a: Vector, share: number, x: Vector, out: Vector): Vector {
  const kernels = vectorKernels();
  if (kernels === undefined) return drawnPlainly(a, share, x, out);
  const [atA, atX] = kernels.blocks;
  for (let from = 0; from < a.length; from += BLOCK) {
    const own = blockOf(a, from);
    atA.set(own);
    atX.set(blockOf(x, from));
    kernels.draw(own.length, atA.byteOffset, atX.byteOffset, share);
    out.set(atA.subarray(0, own.length), from);
  }
  return out;
}

/** The same as a loop, which the kernel is tested against. */
export function drawnPlainly(a: Vector, share: number, x: Vector, out: Vector): Vector {
  for (let i = 0; i < a.length; i++) out[i] = a[i]! + share * (x[i]! - a[i]!);
  return out;
}

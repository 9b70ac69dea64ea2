import { readFile } from "node:fs/promises";
import v8 from "node:v8";
import type { Sgemm } from "../blas/libraries.js";
import type { ActivationKernels } from "./kernels/activations.js";
import type { ArrayKernels } from "./kernels/arrays.js";
import type { ImageKernels } from "./kernels/images.js";
import type { LossKernels } from "./kernels/losses.js";
import type { NormalisationKernels } from "./kernels/normalisation.js";
import type { RecurrentKernels } from "./kernels/recurrent.js";
import type { TableKernels } from "./kernels/tables.js";

/** What is used of WebAssembly's JavaScript interface: neither Node's types nor ES2023's have it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

/** A WebAssembly.Memory. */
export type WasmMemory = object;

/**
 * The exports of src/compute/assembly. Addresses are byte offsets into the heap, sizes are in elements, matrices
 * row-major float32.
 */
export interface Kernels
  extends
    ActivationKernels,
    ArrayKernels,
    ImageKernels,
    LossKernels,
    NormalisationKernels,
    RecurrentKernels,
    TableKernels {
  /** ab + c as the kernels round it. */
  multiplyAddScalar(a: number, b: number, c: number): number;
  /** Bytes of scratch memory for `gemm`. */
  gemmWorkspace(): number;
  /** With its last argument the address of scratch memory. */
  gemm(...call: [...Parameters<Sgemm>, workspace: number]): void;
}

/**
 * Instantiates the kernels on `memory`: with fused multiply-add where this engine and processor have it. Whether a·b + c
 * is rounded once, `fused`, decides the bits of every product.
 */
export async function loadKernels(memory: WasmMemory): Promise<{ kernels: Kernels; fused: boolean }> {
  // Relaxed SIMD is complete in Node 20's V8 (11.3) but on by default only from 11.4. The flag does nothing else
  // than let the compiler accept those instructions.
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  const fusedCode = await code("kernels-fused.wasm");
  if (WebAssembly.validate(fusedCode)) {
    const kernels = await instantiate(fusedCode, memory);
    if (roundsOnce(kernels)) return { kernels, fused: true };
  }
  return { kernels: await instantiate(await code("kernels.wasm"), memory), fused: false };
}

async function code(file: string): Promise<Uint8Array> {
  const url = new URL(file, import.meta.url);
  try {
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    throw new Error(`Expected the compiled kernels at ${url.pathname}, found none. Run npm run build.`, {
      cause,
    });
  }
}

async function instantiate(bytes: Uint8Array, memory: WasmMemory): Promise<Kernels> {
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as Kernels;
}

/** (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴; with the product rounded to float32 first it is 0. */
function roundsOnce(kernels: Kernels): boolean {
  const x = 1 + 2 ** -12;
  return kernels.multiplyAddScalar(x, x, -(1 + 2 ** -11)) !== 0;
}

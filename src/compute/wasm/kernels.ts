import { readFile } from "node:fs/promises";
import v8 from "node:v8";
import type { Sgemm } from "../blas/libraries.js";

/** What is used of WebAssembly's JavaScript interface: neither Node's types nor ES2023's have it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
};

/** A WebAssembly.Memory. */
export type WasmMemory = object;

/** The activation functions that the kernels know, by their numbers in assembly/activation.ts. */
export const activations = { linear: 0, relu: 1, sigmoid: 2, tanh: 3, elu: 4 } as const;
export type ActivationName = keyof typeof activations;

/**
 * The exports of src/compute/assembly. Addresses are byte offsets into the heap, sizes are in elements, matrices
 * row-major float32.
 */
export interface Kernels {
  /** ab + c as the kernels round it. */
  multiplyAddScalar(a: number, b: number, c: number): number;
  /** Bytes of scratch memory for `gemm`. */
  gemmWorkspace(): number;
  /** With its last argument the address of scratch memory. */
  gemm(...call: [...Parameters<Sgemm>, workspace: number]): void;
  /** x ← f(x + b) on every row, `stride` floats from row to row; b = 0 is none. */
  biasActivation(kind: number, x: number, b: number, rows: number, columns: number, stride: number): void;
  /** out ← f(x) for n elements. */
  activate(kind: number, x: number, n: number, out: number): void;
  /** out ← dy · f′, + out where `accumulate`, for n elements, from y = f(x). */
  activationGradient(kind: number, y: number, dy: number, n: number, accumulate: boolean, out: number): void;
  /**
   * Σ of the rows' softmax cross-entropy for logits z and labels y, both (rows, classes), in double precision; the
   * gradient of `weight` times that sum goes to dz unless that is 0.
   */
  crossEntropy(z: number, y: number, rows: number, classes: number, weight: number, dz: number): number;
  /** The same with class numbers, labels (rows). */
  sparseCrossEntropy(
    z: number,
    labels: number,
    rows: number,
    classes: number,
    weight: number,
    dz: number,
  ): number;
  /**
   * out ← scale · x (rows, positions, units) or 0, + out where `accumulate`: units whose random bits, of key, sample
   * and unit, are below `threshold` are dropped at all positions. Samples are int32 numbers (rows).
   */
  dropUnits(
    x: number,
    samples: number,
    rows: number,
    positions: number,
    units: number,
    key: number,
    threshold: number,
    scale: number,
    accumulate: boolean,
    out: number,
  ): void;
  /** out ← Σ over rows of x, + out where `accumulate`; rows begin `stride` floats apart. */
  sumRows(x: number, rows: number, columns: number, stride: number, accumulate: boolean, out: number): void;

  /** out ← x, 0 or out + x for n elements. */
  copy(x: number, n: number, out: number): void;
  zero(n: number, out: number): void;
  addTo(x: number, n: number, out: number): void;
  /** out ← x (rows, columns); rows begin so many floats apart. */
  copyRows(x: number, rows: number, columns: number, stride: number, out: number, outStride: number): void;
  /** out ← xᵀ, + out where `accumulate`; x is (rows, columns) without gaps, out's rows begin `stride` floats apart. */
  transpose(x: number, rows: number, columns: number, accumulate: boolean, out: number, stride: number): void;

  /**
   * columns ← what the window sees at `count` output positions from `first` on, numbered over images, rows and
   * columns: (count, height · width · channels), zero beyond the image.
   */
  imagesToColumns(window: number, x: number, first: number, count: number, columns: number): void;
  /** Adds the columns' entries to the pixels that `imagesToColumns` copies them from. */
  addColumnsToImages(window: number, columns: number, first: number, count: number, x: number): void;

  /** Gradients of pooling add to dx; what lies beyond the image does not count. */
  maxPool(window: number, x: number, images: number, y: number): void;
  maxPoolGradient(window: number, x: number, dy: number, images: number, dx: number): void;
  averagePool(window: number, x: number, images: number, y: number): void;
  averagePoolGradient(window: number, dy: number, images: number, dx: number): void;

  /** Filter (height, width, channels · multiplier). The gradients add to dx and dFilter. */
  depthwise(window: number, x: number, filter: number, multiplier: number, images: number, y: number): void;
  depthwiseInputGradient(
    window: number,
    dx: number,
    filter: number,
    multiplier: number,
    images: number,
    dy: number,
  ): void;
  depthwiseFilterGradient(
    window: number,
    x: number,
    dFilter: number,
    multiplier: number,
    images: number,
    dy: number,
  ): void;

  /** mean, variance ← of every channel of x (rows, channels). */
  moments(x: number, rows: number, channels: number, mean: number, variance: number): void;
  /** y ← f(scale · (x − mean) + shift) channel by channel; f is max(0, ·) where `relu`. */
  normalise(
    x: number,
    mean: number,
    scale: number,
    shift: number,
    rows: number,
    channels: number,
    relu: boolean,
    y: number,
  ): void;
  /** sum ← Σ dy, product ← Σ dy · (x − mean) over the rows, channel by channel. */
  normalisationSums(
    x: number,
    dy: number,
    mean: number,
    rows: number,
    channels: number,
    sum: number,
    product: number,
  ): void;
  /** dx ← a · dy + b · (x − mean) + c channel by channel, + dx where `accumulate`. */
  normalisationGradient(
    x: number,
    dy: number,
    mean: number,
    a: number,
    b: number,
    c: number,
    rows: number,
    channels: number,
    accumulate: boolean,
    dx: number,
  ): void;
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

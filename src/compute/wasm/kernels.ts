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

/** The activation functions whose slope follows from their value, by their numbers in assembly/activation.ts. */
export const activations = {
  ...{ linear: 0, relu: 1, sigmoid: 2, tanh: 3, elu: 4 },
  ...{ relu6: 5, selu: 6, softplus: 7, softsign: 8, hardSigmoid: 9 },
} as const;
export type ActivationName = keyof typeof activations;

/** Those whose slope is told from x alone, by their numbers in assembly/curve.ts; the last three have a parameter. */
export const curves = {
  ...{ gelu: 0, gelu_new: 1, swish: 2, mish: 3 },
  ...{ leakyReLU: 4, clippedReLU: 5, thresholdedReLU: 6 },
} as const;
export type CurveName = keyof typeof curves;

/**
 * What the steps of recurrent layers do besides products and activations, for `rows` samples at once. Rows of a matrix
 * begin so many floats apart; states of address 0 are zero. Gradients take the places of the gates they belong to, and
 * are those by what a gate was before its activation; dh, dc and dReset are (rows, units) without gaps.
 */
export interface RecurrentKernels {
  /** out ← a · b, element by element. */
  multiplyRows(
    a: number,
    aStride: number,
    b: number,
    rows: number,
    columns: number,
    out: number,
    stride: number,
  ): void;
  /** c and y ← f cBefore + i g, for gates i, f, g, o. */
  lstmState(
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    cBefore: number,
    c: number,
    y: number,
    stride: number,
  ): void;
  /** For h = o y, y = kind(c); dc, at first that of later steps, ← the gradient by cBefore. */
  lstmGradient(
    kind: number,
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    cBefore: number,
    y: number,
    stride: number,
    dh: number,
    dc: number,
  ): void;
  /** h ← z hBefore + (1 − z) g, for gates z, r, g. */
  gruState(
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    h: number,
    stride: number,
  ): void;
  /** Of z and g; dh ← z dh, the part of the gradient by hBefore that goes through no gate. */
  gruStateGradient(
    kind: number,
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    stride: number,
    dh: number,
  ): void;
  /** Of r; dh ← dh + r dReset. */
  gruGatesGradient(
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    stride: number,
    dReset: number,
    dh: number,
  ): void;
  /** z ← dh · kind′, from h = kind(z). */
  recurrentGradient(
    kind: number,
    rows: number,
    units: number,
    z: number,
    h: number,
    stride: number,
    dh: number,
  ): void;
}

/**
 * The exports of src/compute/assembly. Addresses are byte offsets into the heap, sizes are in elements, matrices
 * row-major float32.
 */
export interface Kernels extends RecurrentKernels {
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
  /** y ← f(x) for n elements; `parameter` is the slope below 0, the largest value, or the threshold. */
  curve(kind: number, parameter: number, x: number, n: number, y: number): void;
  /** dx ← dy · f′(x), + dx where `accumulate`, for n elements. */
  curveGradient(
    kind: number,
    parameter: number,
    x: number,
    dy: number,
    n: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** y ← softmax of every row of x (rows, columns), or its logarithm where `logarithm`. */
  softmax(logarithm: boolean, x: number, rows: number, columns: number, y: number): void;
  /** dx ← the gradient by x, + dx where `accumulate`, from that softmax y. */
  softmaxGradient(
    logarithm: boolean,
    y: number,
    dy: number,
    rows: number,
    columns: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** y ← x where x > 0, else slopes · x, on every row; slopes is (columns). */
  prelu(x: number, slopes: number, rows: number, columns: number, y: number): void;
  /** dx ← dy where x > 0, else slopes · dy, + dx where `accumulate`. */
  preluGradient(
    x: number,
    slopes: number,
    dy: number,
    rows: number,
    columns: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** out (columns) ← Σ over rows of x · dy where x ≤ 0: the gradient by the slopes. */
  preluSlopeGradient(x: number, dy: number, rows: number, columns: number, out: number): void;
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
  /** Σ_rows of the mean over `width` of (p − y)², in double precision; the gradient of `weight` times that goes to d unless that is 0. */
  squaredError(p: number, y: number, rows: number, width: number, weight: number, d: number): number;
  /** The same of the cross-entropies of sigmoid(z). */
  sigmoidCrossEntropy(z: number, y: number, rows: number, width: number, weight: number, d: number): number;
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
  /** As `copyRows`, added to what is there. */
  addRows(x: number, rows: number, columns: number, stride: number, out: number, outStride: number): void;
  /** out ← factor · x + offset, + out where `accumulate`, for n elements. */
  scale(factor: number, offset: number, x: number, n: number, accumulate: boolean, out: number): void;
  /** out ← a · b, + out where `accumulate`, for n elements. */
  multiply(a: number, b: number, n: number, accumulate: boolean, out: number): void;
  /** out ← the larger of a and b, or the smaller, for n elements. */
  extreme(largest: boolean, a: number, b: number, n: number, out: number): void;
  /**
   * dx ← dy where x = y, else 0, + dx where `accumulate`, for n elements; dy ← 0 there, so that of several equal x the
   * first asked takes it. Where dx is 0, dy is taken all the same.
   */
  takeWhereEqual(x: number, y: number, dy: number, n: number, accumulate: boolean, dx: number): void;
  /**
   * y ← of each of `samples` of x, `size` floats long, the `count` runs of `run` floats that begin at `places` (int32,
   * counted in runs).
   */
  selectRuns(
    x: number,
    size: number,
    places: number,
    count: number,
    run: number,
    samples: number,
    y: number,
  ): void;
  /** Adds every run of dy to where `selectRuns` reads it. */
  addSelectedRuns(
    dy: number,
    size: number,
    places: number,
    count: number,
    run: number,
    samples: number,
    dx: number,
  ): void;
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

  /** y ← images enlarged by whole factors, between pixels by linear interpolation from the top left corner. */
  interpolate(
    x: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    rowFactor: number,
    columnFactor: number,
    y: number,
  ): void;
  /** dx ← dx + the gradient of that by x. */
  interpolateGradient(
    dx: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    rowFactor: number,
    columnFactor: number,
    dy: number,
  ): void;

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
  /** y ← scale · (x − mean) + shift channel by channel, held between `least` and `most`. */
  normalise(
    x: number,
    mean: number,
    scale: number,
    shift: number,
    rows: number,
    channels: number,
    least: number,
    most: number,
    y: number,
  ): void;
  /**
   * sum ← Σ dy, product ← Σ dy · (x − mean) over the rows, channel by channel. Where the result was held between 0 and
   * `most`, y is what came of it, and dy ← 0 first where y is at a bound; else y is 0.
   */
  normalisationSums(
    x: number,
    dy: number,
    mean: number,
    y: number,
    most: number,
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

  /**
   * out (count, size) ← (byte − centre) · scale for the bytes of each of the numbered `samples` (int32). `pattern` (2, period)
   * has the centres and the scales of a sample's numbers, sixteen or a multiple of that, after which they begin anew.
   */
  gatherBytes(
    source: number,
    samples: number,
    count: number,
    size: number,
    pattern: number,
    period: number,
    out: number,
  ): void;
  /** The same for floats. */
  gatherScaled(
    source: number,
    samples: number,
    count: number,
    size: number,
    pattern: number,
    period: number,
    out: number,
  ): void;
  /** out (count, size) ← the floats of each of the numbered `samples`. */
  gatherFloats(source: number, samples: number, count: number, size: number, out: number): void;

  /**
   * out (n, width) ← the rows of `table` (vocabulary, width) that n codes name, each cut to a whole number. Returns the
   * place of the first code that names none, and then stops there; −1 if all do.
   */
  gather(codes: number, n: number, table: number, vocabulary: number, width: number, out: number): number;
  /** The rows of `table` that the codes, which name some, name ← themselves + those of dy (n, width). */
  scatterAdd(codes: number, n: number, dy: number, width: number, table: number): void;

  /** y ← γ (x − μ) r + β on every row; μ and r = 1/√(variance + ε) go to `statistics` (rows, 2). γ or β = 0 is none. */
  layerNorm(
    x: number,
    rows: number,
    columns: number,
    gamma: number,
    beta: number,
    epsilon: number,
    statistics: number,
    y: number,
  ): void;
  /** dx ← the gradient by x, + dx where `accumulate`. */
  layerNormGradient(
    x: number,
    dy: number,
    rows: number,
    columns: number,
    gamma: number,
    statistics: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** dγ, dβ ← the gradients by γ and β, + what is there where `accumulate`; 0 is not written. */
  layerNormSums(
    x: number,
    dy: number,
    rows: number,
    columns: number,
    statistics: number,
    accumulate: boolean,
    dGamma: number,
    dBeta: number,
  ): void;

  /**
   * x ← softmax(w x + b) on every row of `matrices` of (rows, columns), which share w and b; b = 0 is none. Where
   * `causal`, row i has i + 1 numbers and is zero beyond, whatever was there.
   */
  maskedSoftmax(
    x: number,
    w: number,
    b: number,
    matrices: number,
    rows: number,
    columns: number,
    causal: boolean,
  ): void;
  /** dy ← the gradient by x of that softmax y, zero beyond where `causal`. */
  maskedSoftmaxGradient(
    y: number,
    dy: number,
    w: number,
    matrices: number,
    rows: number,
    columns: number,
    causal: boolean,
  ): void;
  /** y ← w x + b on every row; b = 0 is none. */
  scaleShift(x: number, w: number, b: number, rows: number, columns: number, y: number): void;
  /** dx ← w dy on every row, + dx where `accumulate`. */
  scaleGradient(dy: number, w: number, rows: number, columns: number, accumulate: boolean, dx: number): void;
  /** dw ← Σ over the rows of x dy, + dw where `accumulate`. */
  scaleSums(x: number, dy: number, rows: number, columns: number, accumulate: boolean, dw: number): void;
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

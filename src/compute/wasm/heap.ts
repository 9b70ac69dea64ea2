import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs";
import { AptsError } from "../../errors.js";
import { tf } from "../tensorflow.js";
import { loadKernels, type Kernels, type WasmMemory } from "./kernels.js";
import { nativeProduct, SCRATCH_FLOATS, type NativeProduct } from "./native-product.js";

/** Where the heap ends: WebAssembly addresses have 32 bits. */
const HEAP_LIMIT = 2 ** 32;

/** What of TensorFlow.js's WebAssembly backend is used here (4.22; its own types name neither `asm` nor these). */
interface WasmBackend extends KernelBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    readonly asm: { readonly memory: WasmMemory; readonly malloc: (bytes: number) => number };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: "float32"): TensorInfo;
}

/** A row-major float32 matrix on the heap. */
export interface Matrix {
  /** Byte address of its first element. */
  readonly at: number;
  /** Floats from row to row. */
  readonly stride: number;
  /** It is read as its transpose. */
  readonly transposed?: boolean;
}

export interface ProductSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** C ← A·B, + C where `add`: (m, k)·(k, n) → (m, n), after transposition of the operands marked so. */
export type MatrixProduct = (size: ProductSize, a: Matrix, b: Matrix, c: Matrix, add: boolean) => void;

/** There is no room left on the WebAssembly heap. Nothing was damaged: smaller batches still work. */
export class HeapFullError extends AptsError {}

/**
 * The heap in which the WebAssembly backend keeps its tensors, the project's kernels on it, and the matrix product
 * they share. Addresses are byte offsets and stay valid; views (`floats`) die with the next allocation.
 */
export class Heap {
  readonly #workspace: number;
  #kernels: Kernels;
  #flops = 0;
  #scratch = 0;
  #scratchBytes = 0;
  #nativeScratch: number | undefined;
  #multiply: MatrixProduct;

  private constructor(
    private readonly backend: WasmBackend,
    kernels: Kernels,
    /** Whether the kernels round a·b + c once; it decides the bits of every product of theirs. */
    readonly fused: boolean,
  ) {
    this.#kernels = kernels;
    this.#workspace = this.allocate(kernels.gemmWorkspace());
    this.#multiply = this.#ownProduct;
  }

  /** The project's own kernels. Ask for them at each use: a profile puts others in their place. */
  get kernels(): Kernels {
    return this.#kernels;
  }

  /** See MatrixProduct. */
  multiply(size: ProductSize, a: Matrix, b: Matrix, c: Matrix, add: boolean): void {
    this.#flops += 2 * size.m * size.n * size.k;
    this.#multiply(size, a, b, c, add);
  }

  /** Floating point operations of all products so far. */
  get productFlops(): number {
    return this.#flops;
  }

  /** Replaces every kernel, and the product, by what `wrap` makes of it; the returned function takes that back. */
  instrument(
    wrap: (name: string, run: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown,
  ): () => void {
    const [kernels, multiply] = [this.#kernels, this.#multiply];
    const wrapped = Object.entries(kernels).map(([name, run]) => [name, wrap(name, run as never)]);
    this.#kernels = Object.fromEntries(wrapped) as Kernels;
    this.#multiply = wrap("product", multiply as never);
    return () => {
      this.#kernels = kernels;
      this.#multiply = multiply;
    };
  }

  /** From now on products are computed by `blas`, or by the own kernel where none is given. */
  useBlas(blas: NativeProduct | undefined): void {
    this.#multiply = blas === undefined ? this.#ownProduct : this.#nativeProduct(blas);
  }

  readonly #ownProduct: MatrixProduct = ({ m, n, k }, a, b, c, add) => {
    const [transposeA, transposeB] = [a.transposed === true, b.transposed === true];
    const { kernels } = this;
    kernels.gemm(
      transposeA,
      transposeB,
      m,
      n,
      k,
      a.at,
      a.stride,
      b.at,
      b.stride,
      add,
      c.at,
      c.stride,
      this.#workspace,
    );
  };

  #nativeProduct(blas: NativeProduct): MatrixProduct {
    this.#nativeScratch ??= this.allocate(4 * SCRATCH_FLOATS);
    return nativeProduct(blas, this, this.#nativeScratch);
  }

  /** Takes over the heap of the current backend, which must be the WebAssembly one. Once per backend. */
  static async open(): Promise<Heap> {
    const backend = tf.backend() as unknown as WasmBackend;
    guardAllocation(backend);
    const { kernels, fused } = await loadKernels(backend.wasm.asm.memory);
    return new Heap(backend, kernels, fused);
  }

  /** All of the heap; another array once it has grown. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.backend.wasm.HEAPU8;
  }

  /** Bytes of the heap; it never shrinks. */
  get size(): number {
    return this.bytes.byteLength;
  }

  /** The address of a tensor's first element. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A view of `length` floats at `address`, valid until the next allocation. */
  floats(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.bytes.buffer, address, length);
  }

  /** As `floats`, for whole numbers. */
  integers(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.bytes.buffer, address, length);
  }

  /** Memory for a moment: valid until the next call, whoever makes it. @throws HeapFullError */
  scratch(bytes: number): number {
    if (bytes > this.#scratchBytes) {
      this.free(this.#scratch);
      this.#scratchBytes = 0;
      this.#scratch = this.allocate(bytes);
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }

  /** Reserves memory of the caller's own, 16-byte aligned. @throws HeapFullError */
  allocate(bytes: number): number {
    return this.backend.wasm._malloc(bytes);
  }

  free(address: number): void {
    this.backend.wasm._free(address);
  }

  /** A new float32 tensor for a kernel's result, its values undefined. @throws HeapFullError */
  output(shape: readonly number[]): TensorInfo {
    return this.backend.makeOutput(shape, "float32");
  }

  /** The same values under another shape: counts references, copies nothing. */
  alias(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
    this.backend.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
  }

  /** Drops a tensor that a kernel made for itself. */
  release(tensor: TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }
}

/**
 * At the end of its memory `_malloc` returns 0, and the next kernel would overwrite address 0 without a word: throw
 * instead. Above 2 GB it returns a negative number, which the backend's own views do not accept.
 */
function guardAllocation({ wasm }: WasmBackend): void {
  const { malloc } = wasm.asm; // _malloc itself is a stub that puts asm.malloc in its own place when first called
  wasm._malloc = (bytes) => {
    const address = malloc(bytes) >>> 0;
    if (address === 0) {
      const megabytes = (n: number) => `${(n / 2 ** 20).toFixed(0)} MB`;
      throw new HeapFullError(
        `Expected room for ${megabytes(bytes)} on the WebAssembly heap, which holds ${megabytes(wasm.HEAPU8.byteLength)} ` +
          `and ends at ${megabytes(HEAP_LIMIT)}. Evaluate smaller batches or fewer samples in a rank (more ranks).`,
      );
    }
    return address;
  };
}

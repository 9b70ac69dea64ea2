import { HeapFullError, type Heap } from "../../compute/wasm/heap.js";
import { gatherRows } from "../../data/batches.js";
import { isHeld, sizeOf, type Field, type Normalisation, type Values } from "../../data/dataset.js";
import type { HeapArray } from "../evaluator.js";

/** Bytes of samples that may have a copy on the heap. */
const MOST_RESIDENT = 2 ** 28;
/** Arrays of fewer numbers a sample, mostly targets, are gathered from where they are: there is nothing to win. */
const LEAST_SIZE = 16;
/** Numbers that kernels normalise together. */
const GROUP = 16;

/** Samples on the heap, ready to be gathered. */
interface Resident {
  readonly at: number;
  /** Centres and scales as kernels take them; 0 where floats stay what they are. */
  readonly pattern: number;
  readonly period: number;
}

/**
 * Makes the arrays of chunks where compiled networks read them, on the heap. Samples that are gathered again and again,
 * batch by batch, are copied there once, as compact as they are, if they fit.
 */
export class ChunkMemory {
  readonly #residents = new Map<Values, Resident | undefined>();
  #bytes = 0;

  /** @param freeing is told of each array that is given back */
  constructor(
    private readonly heap: Heap,
    private readonly freeing: (address: number) => void = () => undefined,
  ) {}

  /**
   * The rows of `samples`, normalised: the same bits as `gatherRows`. A field always has the same normalisation.
   * @param again whether rows of that field will be asked for again
   * @throws HeapFullError
   */
  gather(field: Field, samples: Int32Array, again: boolean, normalisation?: Normalisation): HeapArray {
    const { heap } = this;
    const rows = samples.length;
    const size = sizeOf(field.shape);
    const resident = again ? this.#residentOf(field, size, normalisation) : undefined;
    const array = { address: heap.allocate(4 * rows * size), size: rows * size };
    if (resident === undefined) {
      gatherRows(field, samples, heap.floats(array.address, array.size), normalisation);
      return array;
    }
    const { at, pattern, period } = resident;
    const numbers = heap.scratch(4 * rows);
    heap.integers(numbers, rows).set(samples);
    const { kernels } = heap;
    if (field.values instanceof Uint8Array)
      kernels.gatherBytes(at, numbers, rows, size, pattern, period, array.address);
    else if (pattern !== 0) kernels.gatherScaled(at, numbers, rows, size, pattern, period, array.address);
    else kernels.gatherFloats(at, numbers, rows, size, array.address);
    return array;
  }

  /** Numbers that are no samples. @throws HeapFullError */
  place(values: Float32Array): HeapArray {
    return { address: this.#place(values), size: values.length };
  }

  free({ address }: HeapArray): void {
    this.freeing(address);
    this.heap.free(address);
  }

  dispose(): void {
    for (const resident of this.#residents.values()) {
      if (resident === undefined) continue;
      this.heap.free(resident.at);
      if (resident.pattern !== 0) this.heap.free(resident.pattern);
    }
    this.#residents.clear();
    this.#bytes = 0;
  }

  /** Undefined where a field cannot be on the heap. */
  #residentOf({ values }: Field, size: number, normalisation?: Normalisation): Resident | undefined {
    if (!isHeld(values) || values instanceof Int32Array || size < LEAST_SIZE) return undefined;
    if (!this.#residents.has(values)) this.#residents.set(values, this.#settle(values, size, normalisation));
    return this.#residents.get(values);
  }

  #settle(
    values: Uint8Array | Float32Array,
    size: number,
    normalisation?: Normalisation,
  ): Resident | undefined {
    if (this.#bytes + values.byteLength > MOST_RESIDENT) return undefined;
    const isCopied = normalisation === undefined && values instanceof Float32Array;
    const pattern = isCopied ? new Float32Array(0) : patternOf(size, normalisation);
    let at: number;
    try {
      at = this.#place(values);
    } catch (error) {
      if (error instanceof HeapFullError) return undefined;
      throw error;
    }
    this.#bytes += values.byteLength;
    return {
      at,
      pattern: isCopied ? 0 : this.#place(pattern),
      period: pattern.length / 2,
    };
  }

  #place(array: Uint8Array | Float32Array): number {
    const { buffer, byteOffset, byteLength } = array;
    const address = this.heap.allocate(byteLength);
    this.heap.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), address);
    return address;
  }
}

/** Centres, and behind them scales, of as many of a sample's numbers in whole groups as it takes until they begin anew. */
function patternOf(size: number, { mean, deviation }: Normalisation = UNCHANGED): Float32Array {
  const channels = mean.length;
  const period = GROUP * Math.min(channels, Math.ceil(size / GROUP));
  const entries = Array.from({ length: period }, (_, i) => i % channels);
  return Float32Array.from([
    ...entries.map((channel) => mean[channel]!),
    ...entries.map((channel) => 1 / deviation[channel]!),
  ]);
}

const UNCHANGED: Normalisation = { mean: [0], deviation: [1] };

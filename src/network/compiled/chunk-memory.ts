import { HeapFullError, type Heap } from "../../compute/wasm/heap.js";
import { gatherRows } from "../../data/batches.js";
import { isHeld, sizeOf, type Field, type Normalisation, type Values } from "../../data/dataset.js";
import type { HeapArray } from "../evaluator.js";

/** Bytes of samples that may have a copy on the heap. */
const MOST_RESIDENT = 2 ** 28;
/** Arrays of fewer numbers a sample, mostly targets, are gathered from where they are: there is nothing to win. */
const LEAST_SIZE = 16;

/** Samples on the heap, ready to be gathered. */
interface Resident {
  readonly at: number;
  /** What bytes become, or centres and scales of floats; 0 where floats stay what they are. */
  readonly tables: number;
  readonly channels: number;
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
    const { at, tables, channels } = resident;
    const numbers = heap.scratch(4 * rows);
    heap.integers(numbers, rows).set(samples);
    const { kernels } = heap;
    if (field.values instanceof Uint8Array)
      kernels.gatherBytes(at, numbers, rows, size, tables, channels, array.address);
    else if (tables !== 0) kernels.gatherScaled(at, numbers, rows, size, tables, channels, array.address);
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
      if (resident.tables !== 0) this.heap.free(resident.tables);
    }
    this.#residents.clear();
    this.#bytes = 0;
  }

  /** Undefined where a field cannot be on the heap. */
  #residentOf({ values }: Field, size: number, normalisation?: Normalisation): Resident | undefined {
    if (!isHeld(values) || values instanceof Int32Array || size < LEAST_SIZE) return undefined;
    if (!this.#residents.has(values)) this.#residents.set(values, this.#settle(values, normalisation));
    return this.#residents.get(values);
  }

  #settle(values: Uint8Array | Float32Array, normalisation?: Normalisation): Resident | undefined {
    if (this.#bytes + values.byteLength > MOST_RESIDENT) return undefined;
    const tables = values instanceof Uint8Array ? tablesOf(normalisation) : scalesOf(normalisation);
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
      tables: tables.length > 0 ? this.#place(tables) : 0,
      channels: normalisation?.mean.length ?? 1,
    };
  }

  #place(array: Uint8Array | Float32Array | Float64Array): number {
    const { buffer, byteOffset, byteLength } = array;
    const address = this.heap.allocate(byteLength);
    this.heap.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), address);
    return address;
  }
}

/** What every byte becomes, channel by channel: (channels, 256). */
function tablesOf(normalisation?: Normalisation): Float32Array {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  if (normalisation === undefined) return Float32Array.from(bytes);
  const { mean, deviation } = normalisation;
  const tables = new Float32Array(256 * mean.length);
  for (const [channel, centre] of mean.entries()) {
    const own = { mean: [centre], deviation: [deviation[channel]!] };
    const table = tables.subarray(256 * channel, 256 * (channel + 1));
    gatherRows({ values: bytes, shape: [] }, Int32Array.from(bytes), table, own);
  }
  return tables;
}

/** Centre and scale of every channel. */
function scalesOf(normalisation?: Normalisation): Float64Array {
  const { mean = [], deviation = [] } = normalisation ?? {};
  return Float64Array.from(mean.flatMap((centre, channel) => [centre, 1 / deviation[channel]!]));
}

import type { Heap } from "../../compute/wasm/heap.js";
import { placeBuffers } from "./buffers.js";
import type { CompiledNetwork } from "./compile.js";

/**
 * Memory for one block of samples: every operation's result, what it keeps besides, and the gradient by the result. A
 * gradient lives only from its last consumer's backward pass to its own, and shares its place with others before and after.
 */
export class Workspace {
  /** By operation. */
  readonly values: readonly number[];
  readonly memory: readonly number[];
  readonly gradients: readonly number[];
  /** The numbers of the samples, int32. */
  readonly samples: number;
  /** Bytes for every sample of a block, its input included. */
  static sampleBytes(network: CompiledNetwork): number {
    return 4 * (sum(network.inputSizes) + place(network).total + 1);
  }

  private constructor(
    private readonly heap: Heap,
    readonly rows: number,
    private readonly address: number,
    { offsets, total }: Places,
  ) {
    const addresses = offsets.map((offset) => address + 4 * rows * offset);
    this.samples = address + 4 * rows * total;
    const operations = addresses.length / 3;
    this.values = [0, ...addresses.slice(0, operations)];
    this.memory = [0, ...addresses.slice(operations, 2 * operations)];
    this.gradients = [0, ...addresses.slice(2 * operations)];
  }

  static allocate(heap: Heap, network: CompiledNetwork, rows: number): Workspace {
    const places = place(network);
    return new Workspace(heap, rows, heap.allocate(4 * rows * (places.total + 1)), places);
  }

  free(): void {
    this.heap.free(this.address);
  }
}

/** In floats per sample. */
interface Places {
  readonly offsets: readonly number[];
  readonly total: number;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Offsets, in floats per sample: the results of operations 1, 2, …, then what they keep, then the gradients. */
function place({ operations, outputs }: CompiledNetwork): Places {
  // Operation i runs forward in step i and backward in step end − i.
  const end = 2 * (operations.length + 1);
  const lastConsumer = operations.map((_, i) => {
    const consumers = operations.flatMap((op, j) => (op.inputs.includes(i + 1) ? [j + 1] : []));
    return outputs.includes(i + 1) ? operations.length + 1 : Math.max(i + 1, ...consumers);
  });
  const values = operations.map(({ size }, i) => ({ size, from: i + 1, to: end - i - 1 }));
  const memory = operations.map(({ memory: size = 0 }, i) => ({ size, from: i + 1, to: end - i - 1 }));
  const gradients = operations.map(({ size }, i) => ({
    size,
    from: end - lastConsumer[i]!,
    to: end - i - 1,
  }));
  return placeBuffers([...values, ...memory, ...gradients]);
}

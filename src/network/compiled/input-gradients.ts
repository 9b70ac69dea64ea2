import type { Heap } from "../../compute/wasm/heap.js";
import type { Vector } from "../../linalg/vector.js";
import type { CompiledNetwork } from "./compile.js";

/** Room on the heap for the gradients of a block by the network's inputs, made when somebody first wants them. */
export class InputGradients {
  readonly #addresses: number[];
  readonly #rows: number[];

  constructor(
    private readonly heap: Heap,
    private readonly network: CompiledNetwork,
  ) {
    this.#addresses = network.inputs.map(() => 0);
    this.#rows = network.inputs.map(() => 0);
  }

  /** Where the gradient by `input`, (rows, size), is to be. */
  for(input: number, rows: number): number {
    if (rows > this.#rows[input]!) {
      this.heap.free(this.#addresses[input]!);
      this.#addresses[input] = this.heap.allocate(4 * rows * this.network.inputSizes[input]!);
      this.#rows[input] = rows;
    }
    return this.#addresses[input]!;
  }

  clear(input: number, rows: number): void {
    this.heap.kernels.zero(rows * this.network.inputSizes[input]!, this.#addresses[input]!);
  }

  /** Writes the gradient of the block whose first sample is number `from` into that of the chunk. */
  read(input: number, rows: number, from: number, out: Vector): void {
    const size = this.network.inputSizes[input]!;
    out.set(this.heap.floats(this.#addresses[input]!, rows * size), from * size);
  }

  free(): void {
    for (const address of this.#addresses) this.heap.free(address);
  }
}

import type { Heap } from "../../compute/wasm/heap.js";
import { addFloat32 } from "../../linalg/sum-kernel.js";
import type { Vector } from "../../linalg/vector.js";
import type { TensorSlot } from "../layout.js";
import type { CompiledNetwork } from "./compile.js";

/** Where the gradient of a chunk goes. */
export interface Destination {
  /** (n,) */
  readonly out: Vector;
  /** Whether it is added to what is there. */
  readonly add: boolean;
}

/** Where operations leave gradients of weights on the heap, until these are in a caller's vector. */
export class WeightGradients {
  /** By weight: its address in memory as long as θ; none before it is needed. */
  #whole: readonly number[] | undefined;
  /** By weight: its address in memory that operations use one after another. */
  readonly #inTurn: readonly number[];
  readonly #turn: number;
  readonly #turnFloats: number;

  /** @param sparing whether memory as long as θ is to be done without where that can be */
  constructor(
    private readonly heap: Heap,
    private readonly slots: readonly TensorSlot[],
    private readonly network: CompiledNetwork,
    private readonly sparing: boolean,
  ) {
    const { operations, variables } = network;
    const inTurn = new Array<number>(variables.length).fill(0);
    let most = 0;
    for (const { weights } of sparing ? operations : []) {
      let size = 0;
      for (const weight of weights.filter((one) => one < slots.length)) {
        inTurn[weight] = 4 * size;
        size += slots[weight]!.size;
      }
      most = Math.max(most, size);
    }
    this.#turnFloats = most;
    this.#turn = sparing ? heap.allocate(4 * most) : 0;
    this.#inTurn = inTurn.map((offset) => this.#turn + offset);
    if (!sparing) this.#whole = this.#allocate();
  }

  /**
   * For the backward pass of a chunk.
   * @param wanted weights whose gradients are wanted
   * @param isOneBlock whether the chunk is evaluated as one: then an operation has its gradients at once
   */
  begin(wanted: ReadonlySet<number>, isOneBlock: boolean, to: Destination): BackwardPass {
    const { operations, sharedWeights } = this.network;
    const isInTurn = this.sparing && isOneBlock && sharedWeights.size === 0;
    const addresses = isInTurn ? this.#inTurn : (this.#whole ??= this.#allocate());
    for (const i of sharedWeights) if (wanted.has(i)) this.#clear(this.slots[i]!.size, addresses[i]!);
    const own = (operation: number) => operations[operation - 1]!.weights.filter((i) => wanted.has(i));
    const left = new Set(wanted);
    return {
      addresses: addresses.map((address, i) => (wanted.has(i) ? address : 0)),
      before: (operation) => {
        if (isInTurn && own(operation).length > 0) this.#clear(this.#turnFloats, this.#turn);
      },
      after: (operation) => {
        if (!isInTurn) return;
        for (const i of own(operation)) {
          this.#read(i, addresses[i]!, to);
          left.delete(i);
        }
      },
      end: () => {
        for (const i of left) {
          if (!isInTurn) this.#read(i, addresses[i]!, to);
          else if (!to.add)
            to.out.fill(0, this.slots[i]!.offset, this.slots[i]!.offset + this.slots[i]!.size);
        }
      },
    };
  }

  free(): void {
    if (this.sparing) this.heap.free(this.#turn);
    if (this.#whole) this.heap.free(this.#whole[0]!);
  }

  #allocate(): readonly number[] {
    const size = this.slots.reduce((sum, slot) => sum + slot.size, 0);
    const address = this.heap.allocate(4 * size);
    this.#clear(size, address); // what an operation never writes is 0
    return this.network.variables.map((_, i) =>
      i < this.slots.length ? address + 4 * this.slots[i]!.offset : 0,
    );
  }

  #clear(floats: number, address: number): void {
    this.heap.kernels.zero(floats, address);
  }

  #read(weight: number, address: number, { out, add }: Destination): void {
    const { offset, size } = this.slots[weight]!;
    const values = this.heap.floats(address, size);
    if (add) addFloat32(out.subarray(offset, offset + size), values);
    else out.set(values, offset);
  }
}

/** What a backward pass does with gradients of weights. */
export interface BackwardPass {
  /** By weight: where its gradient is to be left; 0 where nobody wants it. */
  readonly addresses: readonly number[];
  /** To be called around the backward pass of each operation, by its number, */
  readonly before: (operation: number) => void;
  readonly after: (operation: number) => void;
  /** and when all blocks are done. */
  readonly end: () => void;
}

import type { Heap } from "../../compute/wasm/heap.js";
import type { Chunk } from "../evaluator.js";
import type { CompiledNetwork } from "./compile.js";
import type { Schedule } from "./schedule.js";
import type { HeapWeights } from "./weights.js";

/** Bytes that kept results may take; chunks beyond are computed anew each time. */
const BUDGET = 2 ** 29;

/** Where the kept results of a chunk are, by the schedule's order, and whether they still have to be computed. */
export interface KeptResults {
  readonly addresses: readonly number[];
  readonly fresh: boolean;
}

interface Kept {
  readonly addresses: readonly number[];
  readonly bytes: number;
  /** Addresses of the chunk's inputs. */
  readonly inputs: readonly number[];
}

/** The results that a schedule keeps, for whole chunks, while the weights they depend on stay what they were. */
export class FrozenResults {
  readonly #chunks = new Map<Chunk, Kept>();
  #schedule: Schedule | undefined;
  #versions: readonly number[] = [];
  #bytes = 0;

  constructor(
    private readonly heap: Heap,
    private readonly network: CompiledNetwork,
    private readonly weights: HeapWeights,
  ) {}

  /** Undefined where there is nothing to keep, or no room for it. What is random is kept for its step alone. */
  for(chunk: Chunk, schedule: Schedule, step: number): KeptResults | undefined {
    if (schedule.kept.length === 0) return undefined;
    const versions = schedule.frozenWeights.map(({ weight, except }) => this.weights.version(weight, except));
    const current = [...versions, this.network.isRandom ? step : 0];
    if (schedule !== this.#schedule || current.some((version, i) => version !== this.#versions[i])) {
      this.clear();
      this.#schedule = schedule;
      this.#versions = current;
    }
    const known = this.#chunks.get(chunk);
    if (known !== undefined) return { addresses: known.addresses, fresh: false };
    const sizes = schedule.kept.map((i) => 4 * chunk.rows * this.network.operations[i - 1]!.size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.#bytes + bytes > BUDGET) return undefined;
    this.#bytes += bytes;
    const addresses = sizes.map((size) => this.heap.allocate(size));
    const inputs = chunk.inputs.flatMap((input) => ("address" in input ? input.address : []));
    this.#chunks.set(chunk, { addresses, bytes, inputs });
    return { addresses, fresh: true };
  }

  /** Lets go of what is kept of a chunk with an input at `address`, which is being freed: the chunk will not come again. */
  forget(address: number): void {
    for (const [chunk, kept] of this.#chunks) if (kept.inputs.includes(address)) this.#drop(chunk, kept);
  }

  clear(): void {
    for (const [chunk, kept] of this.#chunks) this.#drop(chunk, kept);
  }

  #drop(chunk: Chunk, { addresses, bytes }: Kept): void {
    for (const address of addresses) this.heap.free(address);
    this.#chunks.delete(chunk);
    this.#bytes -= bytes;
  }
}

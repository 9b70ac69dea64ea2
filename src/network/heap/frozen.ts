import type { Heap } from "../../compute/wasm/heap.js";
import type { Chunk } from "../evaluator.js";
import type { CompiledNetwork } from "./compile.js";
import type { Schedule } from "./schedule.js";

/** Bytes that kept results may take; chunks beyond are computed anew each time. */
const BUDGET = 2 ** 29;

/** Results of a schedule's frontier for whole chunks, kept while the weights below it stay what they were. */
export class FrozenResults {
  readonly #chunks = new Map<Chunk, number[]>();
  #schedule: Schedule | undefined;
  #versions: readonly number[] = [];
  #bytes = 0;

  constructor(
    private readonly heap: Heap,
    private readonly network: CompiledNetwork,
  ) {}

  /**
   * Where the frontier's results of `chunk` are, by the frontier's order, and whether they still have to be computed
   * there. Undefined where there is no frontier, or no room.
   */
  for(
    chunk: Chunk,
    schedule: Schedule,
    versions: readonly number[],
  ): { addresses: readonly number[]; fresh: boolean } | undefined {
    if (schedule.frontier.length === 0) return undefined;
    const current = schedule.frozenWeights.map((w) => versions[w]!);
    if (schedule !== this.#schedule || current.some((version, i) => version !== this.#versions[i])) {
      this.clear();
      this.#schedule = schedule;
      this.#versions = current;
    }
    const known = this.#chunks.get(chunk);
    if (known !== undefined) return { addresses: known, fresh: false };
    const sizes = schedule.frontier.map((i) => 4 * chunk.rows * this.network.operations[i - 1]!.size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.#bytes + bytes > BUDGET) return undefined;
    this.#bytes += bytes;
    const addresses = sizes.map((size) => this.heap.allocate(size));
    this.#chunks.set(chunk, addresses);
    return { addresses, fresh: true };
  }

  clear(): void {
    for (const addresses of this.#chunks.values()) for (const address of addresses) this.heap.free(address);
    this.#chunks.clear();
    this.#bytes = 0;
  }
}

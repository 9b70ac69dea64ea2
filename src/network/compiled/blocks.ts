import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Chunk, HeapArray, Purpose } from "../evaluator.js";
import type { Noise } from "../noise.js";
import type { CompiledNetwork } from "./compile.js";
import type { FrozenResults } from "./frozen.js";
import { RetainedBlocks, type RunBlock } from "./retained.js";
import type { Schedule } from "./schedule.js";
import type { HeapWeights } from "./weights.js";
import { Workspace } from "./workspace.js";
import { Workspaces } from "./workspaces.js";

/** Bytes of a block of samples and all its results that stay in the second-level cache. */
const BLOCK_BYTES = 2 ** 20;
/** Blocks have at least this many samples, or so many that all products have this many rows, which are worth their packing, */
const LEAST_BLOCK = 64;
const LEAST_ROWS = 1024;
/** and no more than this: nothing is gained beyond. */
const MOST_BLOCK = 256;

/** Every operation computes all of its units. */
const NO_UNITS: readonly undefined[] = [];

/** What is run forward. */
export interface BlockParts {
  readonly heap: Heap;
  readonly network: CompiledNetwork;
  readonly weights: HeapWeights;
  readonly frozen: FrozenResults;
  readonly noise: Noise;
}

/** Runs a network forward over a chunk, one cache-sized block of samples after another; batch normalisation sees all at once. */
export class Blocks {
  readonly #sampleBytes: number;
  readonly #normalises: boolean;
  /** Samples of a block at most. */
  readonly #rows: number;
  readonly #workspaces: Workspaces;
  readonly #retained: RetainedBlocks;

  /**
   * @param room bytes that the results for a block of samples may take
   * @param name of the model, for messages
   * @throws UsageError where not even one sample fits
   */
  constructor(
    private readonly parts: BlockParts,
    private readonly room: number,
    private readonly name: string,
  ) {
    const { heap, network } = parts;
    this.#sampleBytes = Workspace.sampleBytes(network);
    this.#normalises = network.statistics.length > 0;
    const most = Math.floor(room / this.#sampleBytes);
    const positions = Math.min(...network.operations.map((operation) => operation.positions ?? Infinity));
    const least = Math.min(LEAST_BLOCK, Math.ceil(LEAST_ROWS / positions));
    const rows = Math.min(MOST_BLOCK, Math.max(least, Math.floor(BLOCK_BYTES / this.#sampleBytes)));
    this.#rows = this.#affordable(Math.max(1, Math.min(rows, most)));
    this.#workspaces = new Workspaces(heap, network);
    this.#retained = new RetainedBlocks(heap, network.statistics, this.#workspaces);
  }

  /** Of a block at most; Infinity where a chunk is one block. */
  get most(): number {
    return this.#normalises ? Infinity : this.#rows;
  }

  /** In how many blocks a chunk of so many samples is evaluated in training. */
  of(rows: number): number {
    return Math.ceil(rows / this.most) || 1;
  }

  /** @throws UsageError where a chunk of so many samples needs more than there is */
  check(rows: number): void {
    if (this.#normalises) this.#affordable(rows);
  }

  /**
   * Shows `visit` each block when it has been run forward. Blocks of a chunk that were `retained` stay as they are until
   * `forEachAgain` or `forget`.
   */
  forEach(chunk: Chunk, schedule: Schedule, purpose: Purpose, visit: (run: RunBlock) => void): void {
    const { heap, network, weights, frozen, noise } = this.parts;
    const { operations, isRandom } = network;
    const inference = purpose === "inference";
    const kept = purpose === "training" ? frozen.for(chunk, schedule, noise.step) : undefined;
    const computed = kept !== undefined && !kept.fresh;
    const blocks = inference ? Math.ceil(chunk.rows / this.#rows) : this.of(chunk.rows);
    const most = this.#affordable(Math.ceil(chunk.rows / blocks));
    for (let b = 0; b < blocks; b++) {
      const from = Math.floor((chunk.rows * b) / blocks);
      const rows = Math.floor((chunk.rows * (b + 1)) / blocks) - from;
      const workspace = this.#workspaces.take(most);
      const { samples, memory } = workspace;
      const values = this.#placesOf(chunk, from, workspace);
      schedule.kept.forEach((i, at) => {
        if (kept) values[i] = kept.addresses[at]! + 4 * from * operations[i - 1]!.size;
      });
      if (isRandom) heap.integers(samples, rows).set(chunk.samples.subarray(from, from + rows));
      const block = {
        heap,
        rows,
        values,
        memory,
        weights: weights.values,
        units: schedule.units,
        samples,
        noise,
        inference,
        accumulate: b > 0,
      };
      if (!computed) for (const i of schedule.frozen) operations[i - 1]!.forward(block);
      for (const i of schedule.varying) {
        // The varying units are always computed by themselves: a BLAS may round them otherwise among the others.
        if (!computed && schedule.units[i]) operations[i - 1]!.forward({ ...block, units: NO_UNITS });
        operations[i - 1]!.forward(block);
      }
      const run = { block, from, workspace };
      visit(run);
      if (purpose === "retained") this.#retained.keep(chunk, run);
      else this.#workspaces.give(workspace);
    }
  }

  /** Shows `visit` each block of a chunk that was retained, and lets go of it; otherwise runs it in training. */
  forEachAgain(chunk: Chunk, schedule: Schedule, visit: (run: RunBlock) => void): void {
    if (!this.#retained.has(chunk)) {
      this.forEach(chunk, schedule, "training", visit);
      return;
    }
    for (const { block, from, workspace } of this.#retained.take(chunk)) {
      // Samples may have been read again, to another place.
      visit({ block: { ...block, values: this.#placesOf(chunk, from, workspace) }, from, workspace });
    }
  }

  /** Lets go of what is retained: θ or the step is another. */
  forget(): void {
    this.#retained.clear();
  }

  free(): void {
    this.forget();
    this.#workspaces.free();
  }

  /** By operation: where the results for the block that begins with sample `from` are, and its inputs. */
  #placesOf(chunk: Chunk, from: number, workspace: Workspace): number[] {
    const { heap, network } = this.parts;
    const values = [...workspace.values];
    network.inputs.forEach((own, i) => {
      values[own] = addressOf(heap, chunk.inputs[i]!) + 4 * from * network.inputSizes[i]!;
    });
    return values;
  }

  /** `rows`, if a block of so many fits into the memory allowed. */
  #affordable(rows: number): number {
    const bytes = rows * this.#sampleBytes;
    if (bytes <= this.room) return rows;
    const megabytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MB`;
    const [why, orElse] =
      rows > 1
        ? [
            " (batch normalisation sees all of a group at once)",
            ", or fewer samples in a group with --ghost-batch",
          ]
        : ["", ""];
    throw new UsageError(
      `Expected to evaluate ${rows} sample${rows === 1 ? "" : "s"} of "${this.name}" in ${megabytes(this.room)}, ` +
        `but that takes ${megabytes(bytes)}${why}. Allow more with --memory${orElse}.`,
    );
  }
}

export function addressOf(heap: Heap, place: tf.Tensor | HeapArray): number {
  return "address" in place ? place.address : heap.address(place);
}

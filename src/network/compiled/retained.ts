import type { Heap } from "../../compute/wasm/heap.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk } from "../evaluator.js";
import type { Block, RunningStatistics } from "./operation.js";
import { readStatistics, restoreStatistics, sizeOfStatistics } from "./statistics.js";
import type { Workspace } from "./workspace.js";
import type { Workspaces } from "./workspaces.js";

/** A block that has been run forward. */
export interface RunBlock {
  readonly block: Block;
  /** Its first sample's number in the chunk. */
  readonly from: number;
  readonly workspace: Workspace;
}

interface Retained extends RunBlock {
  /** What batch normalisations have of the last block alone. */
  readonly statistics: Vector;
}

/** The blocks of chunks that were run forward and wait for their backward pass, with all that it reads. */
export class RetainedBlocks {
  readonly #chunks = new Map<Chunk, Retained[]>();

  constructor(
    private readonly heap: Heap,
    private readonly normalisations: readonly RunningStatistics[],
    private readonly workspaces: Workspaces,
  ) {}

  /** Keeps a block that has just been run, and its workspace. */
  keep(chunk: Chunk, run: RunBlock): void {
    const statistics = new Float32Array(sizeOfStatistics(this.normalisations));
    readStatistics(this.heap, this.normalisations, 1, statistics);
    const blocks = this.#chunks.get(chunk) ?? [];
    blocks.push({ ...run, statistics });
    this.#chunks.set(chunk, blocks);
  }

  /** Gives the blocks of a chunk back one after another, as if each had just been run; none where it was not kept. */
  *take(chunk: Chunk): Generator<RunBlock> {
    for (const { statistics, ...run } of this.#chunks.get(chunk) ?? []) {
      restoreStatistics(this.heap, this.normalisations, statistics);
      yield run;
      this.workspaces.give(run.workspace);
    }
    this.#chunks.delete(chunk);
  }

  has(chunk: Chunk): boolean {
    return this.#chunks.has(chunk);
  }

  /** Lets go of all: they were run at another θ, or in another step. */
  clear(): void {
    for (const { workspace } of [...this.#chunks.values()].flat()) this.workspaces.give(workspace);
    this.#chunks.clear();
  }
}

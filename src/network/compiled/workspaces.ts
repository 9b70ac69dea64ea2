import type { Heap } from "../../compute/wasm/heap.js";
import type { CompiledNetwork } from "./compile.js";
import { Workspace } from "./workspace.js";

/** Workspaces that nobody uses: as many stay as have been in use at a time, each as large as was asked for last. */
export class Workspaces {
  readonly #spare: Workspace[] = [];

  constructor(
    private readonly heap: Heap,
    private readonly network: CompiledNetwork,
  ) {}

  /** One for so many samples at least; of those the one that was used last, which is still in the cache. */
  take(rows: number): Workspace {
    const enough = this.#spare.findLastIndex((workspace) => workspace.rows >= rows);
    if (enough >= 0) return this.#spare.splice(enough, 1)[0]!;
    this.#spare.pop()?.free();
    return Workspace.allocate(this.heap, this.network, rows);
  }

  give(workspace: Workspace): void {
    this.#spare.push(workspace);
  }

  free(): void {
    for (const workspace of this.#spare.splice(0)) workspace.free();
  }
}

import type { Vector } from "../../linalg/vector.js";
import type { MicroBatch } from "./micro-batch.js";
import type { Stage } from "./stage.js";

/** What was kept of a gradient: of whose, where, and the micro-batches of this replica with h and c as they were. */
export interface Kept {
  readonly owner: object;
  readonly at: Vector;
  readonly micros: readonly MicroBatch[];
}

/** Keeps what the local objective of a stage depends on beside its own θ (docs/algorithms.md §6.2): of one gradient at a time. */
export class Boundary {
  #kept: Kept | undefined;

  constructor(private readonly stage: Stage) {}

  get kept(): Kept | undefined {
    return this.#kept;
  }

  /** Forgets what was kept; from now on keeps what the function returned is given: of a gradient at θ. */
  renew(owner: object, theta: Vector): (micro: MicroBatch) => void {
    for (const micro of this.#kept?.micros ?? []) this.stage.release(micro);
    const micros: MicroBatch[] = [];
    this.#kept = { owner, at: theta.slice(), micros };
    return (micro) => micros.push(micro);
  }
}

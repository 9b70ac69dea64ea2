import type { Vector } from "../../linalg/vector.js";

/** Vectors that nobody uses, by length: memory that keeps travelling is the quickest to send (docs/communication.md). */
export class Buffers {
  readonly #free = new Map<number, Vector[]>();

  /** Its entries are whatever they were. */
  take(length: number): Vector {
    return this.#free.get(length)?.pop() ?? new Float32Array(length);
  }

  give(vector: Vector): void {
    const free = this.#free.get(vector.length);
    if (free) free.push(vector);
    else this.#free.set(vector.length, [vector]);
  }
}

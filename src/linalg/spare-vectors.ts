import { roomFor, type Vector } from "./vector.js";

/**
 * Room for what a step makes: the vectors of states that are gone are written anew, so that no step allocates one. Handed
 * out are none but its own: what came from elsewhere, a start or a checkpoint, stays as it is.
 */
export class SpareVectors {
  readonly #own: Vector[] = [];

  /** Hands out room for vectors (n,) that are going to be written whole: each time another, and none of those in `use`. */
  beside(use: readonly unknown[], n: number): () => Vector {
    const taken = new Set(use);
    return () => {
      let room = this.#own.find((vector) => vector.length === n && !taken.has(vector));
      if (room === undefined) this.#own.push((room = roomFor(n)));
      taken.add(room);
      return room;
    };
  }
}

import type { Communicator, NumericArray } from "../../../comm/communicator.js";

/** About what activations are; gradients of small ones are small. */
const SIZE = 1e-3;

/**
 * A group of ranks whose pipeline, which they split off it, can be cut: from then on a stage sends to nobody and waits for nobody.
 * What comes from other stages are numbers that were drawn once, and sums are its own. So it computes all that it does in a run.
 */
export class LonePipeline {
  readonly group: Communicator;
  #isCut = false;
  #noise: Float32Array = new Float32Array(0);

  /** @param group of one copy's stages */
  constructor(group: Communicator) {
    this.group = replaced(group, () => ({
      split: async (color: number, key: number) => this.#cuttable(await group.split(color, key)),
    }));
  }

  cut(): void {
    this.#isCut = true;
  }

  #cuttable(part: Communicator | undefined): Communicator | undefined {
    if (!part || part.size === 1) return part; // copies of a stage: here is one
    const own = {
      send: () => Promise.resolve(),
      recv: (_from: number, _tag: number, into: NumericArray) => Promise.resolve(this.#drawn(into)),
      broadcast: (data: NumericArray) => Promise.resolve(data),
      allreduce: (data: NumericArray) => Promise.resolve(data),
    };
    return replaced(part, () => (this.#isCut ? own : {}));
  }

  #drawn(into: NumericArray): NumericArray {
    if (this.#noise.length < into.length) this.#noise = drawn(2 * into.length);
    into.set(this.#noise.subarray(0, into.length));
    return into;
  }
}

function drawn(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => SIZE * Math.abs(Math.sin(i + 1)));
}

/** `comm`, but for what `by` gives. */
function replaced(comm: Communicator, by: () => object): Communicator {
  return new Proxy(comm, {
    get: (target, name) => {
      const other = by();
      if (name in other) return Reflect.get(other, name) as unknown;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

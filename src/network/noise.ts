import { Random } from "../random.js";

/*
 * What random layers draw: 32 bits for each unit of a sample, which depend on the seed, the layer, the step, the sample's
 * number and the unit's alone. So a step sees one f, whoever evaluates it, in whatever chunks. The same bits are made by
 * compute/assembly/dropout.ts.
 */

/** The numbers by which the random layers of a model draw, in its order of layers. */
export class Noise {
  readonly #seeds: readonly number[];
  #step = 0;

  /** @param numbers of these layers, where they are some of a larger model: then they draw what they draw there */
  constructor(seed: number, layers: number, numbers?: readonly number[]) {
    const random = new Random(seed).fork("noise");
    this.#seeds = Array.from({ length: layers }, (_, layer) => random.fork(numbers?.[layer] ?? layer).bits());
  }

  /** The number of the step: a method's evaluations of one step all draw the same. */
  get step(): number {
    return this.#step;
  }

  set step(step: number) {
    this.#step = step;
  }

  /** The key of a layer in this step. */
  key(layer: number): number {
    return mix(this.#seeds[layer]! ^ mix(this.#step));
  }
}

/** MurmurHash3's finaliser: a bijection of 32 bits. */
export function mix(bits: number): number {
  let h = bits | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Fills `out` (samples.length, units) with random bits, as whole numbers from 0 to 2³² − 1. */
export function randomBits(key: number, samples: Int32Array, units: number, out: Uint32Array): Uint32Array {
  samples.forEach((sample, row) => {
    const rowKey = mix(key ^ mix(sample));
    for (let unit = 0; unit < units; unit++) out[row * units + unit] = mix(rowKey + mix(unit));
  });
  return out;
}

/** Bits below this are dropped at such a rate. */
export function thresholdOf(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}

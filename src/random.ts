const GOLDEN = 0x9e3779b9; // 2³² / φ: the customary "nothing up my sleeve" constant
const TWO_POW_32 = 4294967296;

/**
 * The project's one source of randomness: sfc32 (Chris Doty-Humphrey, PractRand), a 128-bit counter-bearing
 * generator of 32-bit numbers that passes PractRand and BigCrush, in four adds and two shifts a number.
 *
 * Streams are named: `new Random(seed).fork("batches").fork(epoch)` depends on the seed and the names alone, never
 * on how many numbers were drawn before, so that adding a draw in one place changes nothing elsewhere, sample i does
 * not depend on sample i − 1, and every rank finds the same stream without talking to the others.
 *
 * Integers, uniforms and permutations are exact arithmetic: the same on every machine. `normal` uses one logarithm.
 */
export class Random {
  #key: readonly [number, number];
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;
  #spare: number | null = null;

  /** `seed`: a safe integer. Equal seeds give equal streams. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`Expected the seed to be a whole number between -2^53 and 2^53, got ${seed}.`);
    }
    this.#key = [mix32(seed >>> 0), mix32(Math.floor(seed / TWO_POW_32) + GOLDEN)];
    this.#start();
  }

  /** The stream called `name` below this one; independent of this one's position. */
  fork(name: string | number): Random {
    let [k0, k1] = this.#key;
    const label = String(name);
    // One bijection of the 64-bit key per character, and one at the end so that fork("ab") is not fork("a").fork("b").
    for (let i = 0; i <= label.length; i++) {
      const code = i < label.length ? label.charCodeAt(i) : 0x10000;
      k0 = mix32(k0 ^ code);
      k1 = mix32(k1 + k0 + GOLDEN);
    }
    const child = new Random(0);
    child.#key = [k0, k1];
    child.#start();
    return child;
  }

  /** 32 random bits, as a whole number from 0 to 2³² − 1. */
  bits(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [low, high), in steps of (high − low)/2³². */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / TWO_POW_32);
  }

  /** A whole number from 0 to `count` − 1, each equally likely (by rejection). 1 ≤ count ≤ 2³². */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > TWO_POW_32) {
      throw new RangeError(`Expected a count between 1 and 2^32 to draw from, got ${count}.`);
    }
    const bound = TWO_POW_32 - (TWO_POW_32 % count);
    let bits = this.bits();
    while (bits >= bound) bits = this.bits();
    return bits % count;
  }

  /** Normally distributed: Marsaglia's polar method. */
  normal(mean = 0, deviation = 1): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return mean + deviation * value;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * scale;
      return mean + deviation * (u * scale);
    }
  }

  /** Permutes `items` in place, every order equally likely (Fisher–Yates), and returns them. */
  shuffle<T extends Int32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i];
      items[i] = items[j];
      items[j] = item;
    }
    return items;
  }

  /** The 64 bits that make the stream what it is. */
  get key(): readonly [number, number] {
    return this.#key;
  }

  #start(): void {
    [this.#a, this.#b] = this.#key;
    this.#c = GOLDEN | 0;
    this.#counter = 1;
    this.#spare = null;
    for (let i = 0; i < 15; i++) this.bits(); // PractRand's warm-up: every key bit reaches every word
  }
}

/** MurmurHash3's finaliser: a bijection of 32-bit words in which every input bit flips half of the output bits. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

import { UsageError } from "../errors.js";
import { innerProducts, innerProductsWithTwo } from "../linalg/columns.js";
import type { Vector } from "../linalg/vector.js";
import type { Restriction } from "./model.js";
import { emptyGram, withoutOldest, withPair, type Gram, type PairProducts } from "./gram.js";
import { usablePairs } from "./recursion.js";
import { spectrumOf, type Spectrum } from "./spectrum.js";

/** TCKK23 §3.1 */
export const defaultMemory = 5;

/** What a checkpoint keeps of a memory: plain values and typed arrays, by reference. */
export interface LSR1State {
  readonly gamma: number;
  /** s_1..s_k, oldest first, (n) each. */
  readonly s: readonly Vector[];
  /** y_1..y_k, oldest first, (n) each. */
  readonly y: readonly Vector[];
}

/** What a gradient meets in the memory: all a subproblem needs of it beside the step's own assembly. */
export interface GradientProducts {
  /** Ψᵀg, (k) */
  readonly psi: Float64Array;
  /** gᵀg */
  readonly square: number;
}

/**
 * The limited-memory SR1 matrix B = γI + ΨMΨᵀ, Ψ = Y − γS, of the newest pairs s = θ₊ − θ, y = ∇f₊ − ∇f
 * (docs/algorithms.md §2, BEM17 §2). Pairs must come from one and the same batch.
 *
 * S and Y are kept as the pairs came and Ψ is never formed: γ may change with every pair. Their Gram matrices grow
 * with each pair, so that `update` and `productsWith` read S and Y once each and all else is k×k in float64.
 */
export class LSR1Memory {
  #gamma = 1;
  #s: readonly Vector[] = [];
  #y: readonly Vector[] = [];
  #gram: Gram = emptyGram;
  #spectrum: Spectrum | undefined;

  /**
   * @param dimension n
   * @param capacity m, the number of pairs kept
   */
  constructor(
    readonly dimension: number,
    readonly capacity: number = defaultMemory,
  ) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new UsageError(`Expected the L-SR1 memory to hold at least one pair, got ${capacity}.`);
    }
  }

  /** k ≤ m, the number of pairs stored. */
  get size(): number {
    return this.#s.length;
  }

  get gamma(): number {
    return this.#gamma;
  }

  get s(): readonly Vector[] {
    return this.#s;
  }

  get y(): readonly Vector[] {
    return this.#y;
  }

  /** Eigenvalues and eigenvectors of B; made when first asked for after a change. */
  get spectrum(): Spectrum {
    return (this.#spectrum ??= spectrumOf(this.#gram, this.#gamma));
  }

  /**
   * Stores a pair, in place of the oldest where the memory is full, unless it is skipped: a value that is not finite,
   * a denominator sᵀ(y − Bs) too small (NW06 eq. 6.26), or y = Bs already. Returns whether it was stored.
   *
   * The pair is kept, not copied: never write to it afterwards. Reads S and Y once.
   */
  update(s: Vector, y: Vector): boolean {
    const gram = withPair(this.#gram, this.#productsOf(s, y));
    const newest = this.size;
    const finite = Number.isFinite(gram.ss[newest]![newest]! + gram.yy[newest]![newest]!);
    if (!finite || !usablePairs(gram, this.#gamma).includes(newest)) return false;
    this.#append(s, y, gram);
    return true;
  }

  /** Ψᵀg and gᵀg. Reads S, Y and g once. */
  productsWith(g: Vector): GradientProducts {
    const k = this.size;
    const products = innerProducts([...this.#s, ...this.#y, g], g);
    return {
      psi: Float64Array.from({ length: k }, (_, j) => products[k + j]! - this.#gamma * products[j]!),
      square: products[2 * k]!,
    };
  }

  /**
   * The memory a subdomain starts from: the rows of S and Y that R_i takes (TCKK23 §3.1), with γ by its rule from the
   * restricted pairs, this memory's own where none of them has yᵀs > 0. Pairs whose step does not touch the subdomain
   * are left out.
   */
  restrict(subdomain: Restriction): LSR1Memory {
    const restricted = new LSR1Memory(subdomain.size, this.capacity);
    restricted.#gamma = this.#gamma;
    this.#s.forEach((s, j) => {
      restricted.#insert(subdomain.restrict(s), subdomain.restrict(this.#y[j]!));
    });
    return restricted;
  }

  /** The state, sharing the pairs: they are never written to. */
  save(): LSR1State {
    return { gamma: this.#gamma, s: this.#s, y: this.#y };
  }

  /** Replaces everything by a saved state: the same B to the last bit. */
  restore({ gamma, s, y }: LSR1State): void {
    const lengths = [...s, ...y].map((column) => column.length);
    const fits = lengths.every((length) => length === this.dimension);
    if (!fits || s.length !== y.length || s.length > this.capacity) {
      throw new UsageError(
        `Expected a saved L-SR1 memory of at most ${this.capacity} pairs of ${this.dimension} entries, found ` +
          `${s.length} steps and ${y.length} gradient differences, of ${[...new Set(lengths)].join(", ")} entries. ` +
          `Resume with the model and the memory size of the saved run.`,
      );
    }
    this.#s = [];
    this.#y = [];
    this.#gram = emptyGram;
    s.forEach((sj, j) => {
      this.#insert(sj, y[j]!);
    });
    this.#gamma = gamma;
  }

  /** Makes (s, y) the newest pair, by no rule but that s is not zero. */
  #insert(s: Vector, y: Vector): void {
    const gram = withPair(this.#gram, this.#productsOf(s, y));
    if (gram.ss[this.size]![this.size]! > 0) this.#append(s, y, gram);
  }

  /** Makes (s, y) the newest pair; `gram` has it already. */
  #append(s: Vector, y: Vector, gram: Gram): void {
    const full = this.size === this.capacity;
    this.#s = [...this.#s.slice(full ? 1 : 0), s];
    this.#y = [...this.#y.slice(full ? 1 : 0), y];
    this.#gram = full ? withoutOldest(gram) : gram;
    const k = this.size;
    // γ = yᵀy / yᵀs of the newest pair if positive, else as it was: γ > 0 always.
    const gamma = this.#gram.yy[k - 1]![k - 1]! / this.#gram.sy[k - 1]![k - 1]!;
    if (gamma > 0 && Number.isFinite(gamma)) this.#gamma = gamma;
    this.#spectrum = undefined;
  }

  #productsOf(s: Vector, y: Vector): PairProducts {
    const n = this.dimension;
    if (s.length !== n || y.length !== n) {
      throw new RangeError(`Expected a pair of ${n} entries each, got ${s.length} and ${y.length}.`);
    }
    const k = this.size;
    const [withS, withY] = innerProductsWithTwo([...this.#s, s, ...this.#y, y], s, y);
    return {
      ss: [...withS.subarray(0, k + 1)],
      ys: [...withS.subarray(k + 1)],
      sy: [...withY.subarray(0, k + 1)],
      yy: [...withY.subarray(k + 1)],
    };
  }
}

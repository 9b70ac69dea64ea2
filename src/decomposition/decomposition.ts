import type { Restriction } from "../linalg/restriction.js";

/** R_1..R_N: disjoint, covering all n parameters (docs/algorithms.md §0). */
export interface Decomposition {
  readonly name: string;
  readonly dimension: number;
  readonly subdomains: readonly Restriction[];
}

import { UsageError } from "../errors.js";
import type { Decomposition } from "./decomposition.js";
import { joinRuns, Restriction } from "../linalg/restriction.js";
import type { TensorSlot } from "../network/layout.js";

/**
 * Contiguous runs of layers, the largest run as small as it can be in parameters (docs/algorithms.md §5).
 *
 * @throws UsageError where there are more subdomains than layers with parameters
 */
export function byLayers(tensors: readonly TensorSlot[], count: number): Decomposition {
  const layers = [...new Set(tensors.map((tensor) => tensor.layer))].map((layer) =>
    tensors.filter((tensor) => tensor.layer === layer),
  );
  if (count > layers.length) {
    throw new UsageError(
      `Expected at most ${layers.length} subdomains, one for each layer with parameters, got ${count}. ` +
        `Use --subdomains ${layers.length} or fewer, or --decomposition neurons.`,
    );
  }
  const weights = layers.map((layer) => layer.reduce((sum, tensor) => sum + tensor.size, 0));
  const cuts = balancedCuts(weights, count);
  return {
    name: "layers",
    dimension: weights.reduce((a, b) => a + b, 0),
    subdomains: cuts.slice(0, -1).map((from, i) => {
      const owned = layers.slice(from, cuts[i + 1]).flat();
      return new Restriction(
        joinRuns(owned.map(({ offset, size }) => ({ start: offset, end: offset + size }))),
      );
    }),
  };
}

/**
 * Cuts a sequence in `parts` non-empty runs whose largest weight is minimal (linear partitioning by dynamic
 * programming: best[p][i] = the smallest largest run of the first i items in p runs). Returns parts + 1 positions.
 */
export function balancedCuts(weights: readonly number[], parts: number): number[] {
  const n = weights.length;
  const prefix = [0];
  for (const weight of weights) prefix.push(prefix.at(-1)! + weight);
  let best = prefix.map((sum, i) => (i === 0 ? Infinity : sum));
  const lastCut: number[][] = [];
  for (let p = 2; p <= parts; p++) {
    const next = new Array<number>(n + 1).fill(Infinity);
    const cut = new Array<number>(n + 1).fill(0);
    for (let i = p; i <= n; i++) {
      for (let j = p - 1; j < i; j++) {
        const largest = Math.max(best[j]!, prefix[i]! - prefix[j]!);
        if (largest < next[i]!) {
          next[i] = largest;
          cut[i] = j;
        }
      }
    }
    best = next;
    lastCut.push(cut);
  }
  const cuts = [n];
  for (const cut of lastCut.reverse()) cuts.unshift(cut[cuts[0]!]!);
  return [0, ...cuts];
}

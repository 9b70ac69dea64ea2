import { UsageError } from "../errors.js";
import type { Decomposition } from "./decomposition.js";
import { joinRuns, Restriction } from "../linalg/restriction.js";
import type { TensorSlot } from "../network/layout.js";

/**
 * TCKK23 §3.1: the M parameter tensors are shuffled and dealt, about M/N each, to N subdomains (docs/algorithms.md §5).
 *
 * @param shuffle a permutation of the M tensor numbers, drawn from the run's seed
 * @throws UsageError where N > M
 */
export function byTensors(
  tensors: readonly TensorSlot[],
  count: number,
  shuffle: readonly number[],
): Decomposition {
  if (count > tensors.length) {
    throw new UsageError(
      `Expected at most ${tensors.length} subdomains, one for each parameter tensor of the model, got ${count}. ` +
        `Use --subdomains ${tensors.length} or fewer, or a decomposition that cuts tensors (--decomposition neurons).`,
    );
  }
  const hands: TensorSlot[][] = Array.from({ length: count }, () => []);
  shuffle.forEach((tensor, turn) => hands[turn % count]!.push(tensors[tensor]!));
  return {
    name: "tensors",
    dimension: tensors.reduce((sum, tensor) => sum + tensor.size, 0),
    subdomains: hands.map(
      (hand) =>
        new Restriction(joinRuns(hand.map(({ offset, size }) => ({ start: offset, end: offset + size })))),
    ),
  };
}

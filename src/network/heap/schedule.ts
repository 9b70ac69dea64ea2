import type { CompiledNetwork } from "./compile.js";

/** What has to run when only some weights vary: the operations are those of a CompiledNetwork, by number. */
export interface Schedule {
  /** Operations that no varying weight reaches and that the others read: their results can be kept. */
  readonly frontier: readonly number[];
  /** Operations that lead to the frontier, in order: run once for as long as the frozen weights stay. */
  readonly frozen: readonly number[];
  /** By operation: whether a varying weight reaches it. */
  readonly varies: readonly boolean[];
  /** The operations that do vary, in order: run every time. */
  readonly varying: readonly number[];
  /** The weights that the frontier depends on. */
  readonly frozenWeights: readonly number[];
}

/**
 * Everything below the first layer with a varying weight is constant while only those vary (ALGORITHMS §5, "Cost of
 * a local solve"): it is computed once and reused, with the same bits.
 */
export function scheduleFor(
  { operations, output }: CompiledNetwork,
  varyingWeights: Iterable<number>,
): Schedule {
  const weights = new Set(varyingWeights);
  const varies = [false];
  for (const { inputs, weights: own } of operations) {
    varies.push(own.some((w) => weights.has(w)) || inputs.some((i) => varies[i]!));
  }
  const frontier = new Set<number>();
  const varying: number[] = [];
  for (let i = 1; i <= operations.length; i++) {
    if (!varies[i]) continue;
    varying.push(i);
    for (const input of operations[i - 1]!.inputs) if (input !== 0 && !varies[input]) frontier.add(input);
  }
  if (!varies[output]! && output !== 0) frontier.add(output);
  const frozen = new Set<number>();
  const frozenWeights = new Set<number>();
  for (let i = operations.length; i > 0; i--) {
    const leads = frontier.has(i) || operations.some((op, j) => frozen.has(j + 1) && op.inputs.includes(i));
    if (!leads) continue;
    frozen.add(i);
    for (const w of operations[i - 1]!.weights) frozenWeights.add(w);
  }
  const ascending = (set: Set<number>) => [...set].sort((a, b) => a - b);
  return {
    frontier: ascending(frontier),
    frozen: ascending(frozen),
    varies,
    varying,
    frozenWeights: ascending(frozenWeights),
  };
}

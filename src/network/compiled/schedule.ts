import type { TensorPart } from "../tensor-part.js";
import type { CompiledNetwork } from "./compile.js";
import type { Units } from "../../compute/wasm/linear.js";

/** What has to run when only some weights vary: the operations are those of a CompiledNetwork, by number. */
export interface Schedule {
  /**
   * Operations whose results can be kept: those that no varying weight reaches and that others read, and those of
   * which only some units vary, because their inputs do not: their other units stay.
   */
  readonly kept: readonly number[];
  /** Operations that no varying weight reaches and that kept results need, in order. */
  readonly frozen: readonly number[];
  /** By operation: whether a varying weight reaches it. */
  readonly varies: readonly boolean[];
  /** The operations that do vary, in order: run every time. */
  readonly varying: readonly number[];
  /** By operation: the only units that vary, where the others can be kept. */
  readonly units: readonly (Units | undefined)[];
  /** By operation: the only units whose weights' gradients are wanted. */
  readonly wantedUnits: readonly (Units | undefined)[];
  /** What kept results depend on: weights, of those of some units all the other units. */
  readonly frozenWeights: readonly { readonly weight: number; readonly except: Units | undefined }[];
  /** The weights that vary. */
  readonly wanted: ReadonlySet<number>;
}

/**
 * Everything below the first layer with a varying weight is constant while only those vary, and of that layer every
 * unit without one (docs/algorithms.md §5, "Cost of a local solve"): it is computed once and reused, with the same
 * bits.
 * @param varyingInputs inputs, by the number of their operation, that gradients are wanted of
 */
function scheduleFor(
  network: CompiledNetwork,
  parts: readonly TensorPart[],
  varyingInputs: ReadonlySet<number>,
): Schedule {
  const { operations, outputs } = network;
  const isOutput = (i: number) => outputs.includes(i);
  const partOf = new Map(parts.map((part) => [part.tensor, part]));
  const varies = [varyingInputs.has(0)];
  const units: (Units | undefined)[] = [undefined];
  const wantedUnits: (Units | undefined)[] = [undefined];
  for (const [i, { inputs, weights, separable }] of operations.entries()) {
    const wanted = weights.flatMap((weight) => partOf.get(weight) ?? []);
    const above = varyingInputs.has(i + 1) || inputs.some((input) => varies[input]!);
    varies.push(above || wanted.length > 0);
    const width = network.variables[weights[0] ?? 0]!.shape.at(-1)!;
    const span = { from: Math.min(...wanted.map((p) => p.from)), to: Math.max(...wanted.map((p) => p.to)) };
    const some = separable === true && wanted.length > 0 && span.to - span.from < width;
    wantedUnits.push(some ? span : undefined);
    units.push(some && !above && !isOutput(i + 1) ? span : undefined);
  }

  const isInput = (i: number) => i === 0 || operations[i - 1]!.isInput === true;
  const kept = new Set<number>(units.flatMap((some, i) => (some ? [i] : [])));
  const varying: number[] = [];
  for (const [i, { inputs }] of operations.entries()) {
    if (!varies[i + 1]) continue;
    varying.push(i + 1);
    for (const input of inputs) if (!isInput(input) && !varies[input]) kept.add(input);
  }
  for (const output of outputs) if (!varies[output]! && !isInput(output)) kept.add(output);

  const frozen = new Set<number>();
  const frozenWeights = new Map<number, Units | undefined>();
  for (let i = operations.length; i > 0; i--) {
    const { weights } = operations[i - 1]!;
    if (units[i]) for (const weight of weights) frozenWeights.set(weight, units[i]);
    if (varies[i]) continue;
    const leads = kept.has(i) || operations.some((op, j) => frozen.has(j + 1) && op.inputs.includes(i));
    if (!leads) continue;
    frozen.add(i);
    for (const weight of weights) frozenWeights.set(weight, undefined);
  }
  const ascending = (set: Set<number>) => [...set].sort((a, b) => a - b);
  return {
    kept: ascending(kept),
    frozen: ascending(frozen),
    varies,
    varying,
    units,
    wantedUnits,
    frozenWeights: [...frozenWeights].map(([weight, except]) => ({ weight, except })),
    wanted: new Set(partOf.keys()),
  };
}

/** Those that were asked for, each made once. */
export class Schedules {
  readonly #all = new Map<string, Schedule>();
  /** The same by the very list of parts, which a caller keeps: no key is made in a step. */
  readonly #ofLists = new WeakMap<readonly TensorPart[], Schedule>();

  constructor(private readonly network: CompiledNetwork) {}

  /** @param inputs of the model whose gradients are wanted, too */
  of(parts: readonly TensorPart[], inputs: readonly number[] = []): Schedule {
    const known = inputs.length === 0 && this.#ofLists.get(parts);
    if (known) return known;
    const names = parts.map(({ tensor, from, to }) => `${tensor}:${from}-${to}`);
    const key = [...names, ...inputs.map((input) => `input ${input}`)].join();
    const varyingInputs = () => new Set(inputs.map((i) => this.network.inputs[i]!));
    const schedule = this.#all.get(key) ?? scheduleFor(this.network, parts, varyingInputs());
    this.#all.set(key, schedule);
    if (inputs.length === 0) this.#ofLists.set(parts, schedule);
    return schedule;
  }
}

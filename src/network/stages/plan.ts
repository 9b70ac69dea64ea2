import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import { sizeOf } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import { callsOf, shapeOf, type Call } from "./calls.js";
import { activationBytesOf, costOf, type Cost } from "./costs.js";
import { ANOTHER_FORWARD, bestCut } from "./cut.js";
import { retainingWhatFits, type Usage } from "./memory.js";
import { haveResults } from "./results.js";
import { checkStageable, placesToCut } from "./places.js";

/** A tensor that later stages take. */
export interface Crossing {
  readonly tensor: string;
  /** Of a sample. */
  readonly shape: readonly number[];
  /** The stage that makes it, and those that take it. */
  readonly from: number;
  readonly to: readonly number[];
}

export interface StageSpec {
  /** Names of its layers, in the order in which they run. */
  readonly layers: readonly string[];
  /** The inputs of the whole model that it takes, and the crossings that it takes and gives, by number. */
  readonly modelInputs: readonly number[];
  readonly takes: readonly number[];
  readonly gives: readonly number[];
  /** Trainable ones. */
  readonly parameters: number;
  /** Of a sample's forward and backward pass, without what is computed anew. */
  readonly flops: number;
  /** Of a sample's results. */
  readonly activationBytes: number;
  /** Whether there is room to retain results for the backward pass; else all stages but the last compute them anew. */
  readonly retains: boolean;
}

/** How a network is cut in stages (docs/algorithms.md §6): plain values, the same on every rank. */
export interface StagePlan {
  readonly crossings: readonly Crossing[];
  readonly stages: readonly StageSpec[];
  /** Of the network as one stage. */
  readonly whole: Pick<StageSpec, "parameters" | "activationBytes">;
}

/** How many stages, or behind which layers the network is cut. */
export type Wanted = { readonly stages: number } | { readonly ends: readonly string[] };

/** A backward pass takes as long as two forward passes. */
const THERE_AND_BACK = 3;

/** What a sample takes of the stage's time, in operations: with those that the stage does again. */
export function workOf({ stages }: StagePlan, s: number): number {
  const { flops, retains } = stages[s]!;
  return (retains || s === stages.length - 1 ? 1 : ANOTHER_FORWARD) * flops;
}

/**
 * Cuts `model`, which may be hollow: as `bestCut`, where no ends are asked for.
 *
 * @param usage what a rank's memory is for
 * @param source what messages call the model
 * @throws UsageError where it cannot be cut so
 */
export function planStages(model: tf.LayersModel, wanted: Wanted, usage: Usage, source: string): StagePlan {
  checkStageable(model, source);
  const calls = callsOf(model);
  const costs = costsOf(calls);
  const places = placesToCut(model, calls, source);
  const cuts =
    "ends" in wanted
      ? places.behind(wanted.ends)
      : bestCut(costs, places.allowed, (place) => crossingBytes(calls, place), wanted.stages, usage);
  if (cuts === undefined) {
    const { stages } = wanted as { readonly stages: number };
    let most = stages - 1;
    while (most > 1 && !bestCut(costs, places.allowed, () => 0, most, usage)) most--;
    throw new UsageError(
      `Expected a network that can be cut in ${stages} stages, each with something to train, got ${source}, which makes at most ${most}. ` +
        `Give --stages ${most} or fewer.`,
    );
  }
  const plan = describe(model, calls, costs, [0, ...cuts, calls.length]);
  const empty = plan.stages.findIndex(({ parameters }) => parameters === 0);
  if (empty >= 0) {
    throw new UsageError(
      `Expected stages that each have something to train, got none in stage ${empty + 1} of ${source} (${plan.stages[empty]!.layers.join(", ")}). Cut elsewhere.`,
    );
  }
  return retainingWhatFits(plan, usage);
}

/** Of every call; what a layer has to train counts where it is used first. */
function costsOf(calls: readonly Call[]): Cost[] {
  const seen = new Set<tf.layers.Layer>();
  const own = haveResults(calls);
  return calls.map((call, i) => {
    const cost = costOf(call);
    const parameters = seen.has(call.layer) ? 0 : cost.parameters;
    seen.add(call.layer);
    return { ...cost, parameters, resultBytes: own[i]! ? cost.resultBytes : 0 };
  });
}

/** What crosses a cut in front of call number `place`. */
function crossingBytes(calls: readonly Call[], place: number): number {
  const before = new Set(calls.slice(0, place).flatMap(({ outputs }) => outputs));
  const read = new Set(calls.slice(place).flatMap(({ inputs }) => inputs));
  return [...read].reduce((sum, tensor) => (before.has(tensor) ? sum + 4 * sizeOf(shapeOf(tensor)) : sum), 0);
}

function describe(
  model: tf.LayersModel,
  calls: readonly Call[],
  costs: readonly Cost[],
  bounds: readonly number[],
): StagePlan {
  const stageOfCall = (i: number) => bounds.findIndex((end, b) => b > 0 && i < end) - 1;
  const maker = new Map<SymbolicTensor, number>();
  calls.forEach(({ outputs }, i) => {
    for (const output of outputs) maker.set(output, stageOfCall(i));
  });
  const takers = new Map<SymbolicTensor, Set<number>>();
  calls.forEach(({ inputs }, i) => {
    for (const input of inputs) {
      const stage = stageOfCall(i);
      const from = maker.get(input);
      if (from !== undefined && from < stage) takers.set(input, (takers.get(input) ?? new Set()).add(stage));
    }
  });
  const tensors = [...maker.keys()].filter((tensor) => takers.has(tensor));
  const crossings = tensors.map((tensor) => ({
    tensor: nameOf(tensor),
    shape: shapeOf(tensor),
    from: maker.get(tensor)!,
    to: [...takers.get(tensor)!].sort((a, b) => a - b),
  }));
  const numbers = (holds: (crossing: Crossing) => boolean) =>
    crossings.flatMap((crossing, i) => (holds(crossing) ? [i] : []));
  const sum = (some: readonly Cost[], of: (one: Cost) => number) =>
    some.reduce((total, one) => total + of(one), 0);
  const sizeOfAll = (some: readonly Cost[]) => ({
    parameters: sum(some, ({ parameters }) => parameters),
    activationBytes: activationBytesOf(some).at(-1)!,
  });
  return {
    crossings,
    whole: sizeOfAll(costs),
    stages: bounds.slice(1).map((end, stage) => {
      const own = calls.slice(bounds[stage], end);
      const cost = costs.slice(bounds[stage], end);
      const reads = new Set(own.flatMap(({ inputs }) => inputs));
      return {
        layers: [...new Set(own.map(({ layer }) => layer.name))],
        modelInputs: model.inputs.flatMap((input, i) => (reads.has(input) ? [i] : [])),
        takes: numbers(({ to }) => to.includes(stage)),
        gives: numbers(({ from }) => from === stage),
        ...sizeOfAll(cost),
        flops: THERE_AND_BACK * sum(cost, ({ flops }) => flops),
        retains: false,
      };
    }),
  };
}

/** Its layer's, and where that makes several, which of them. */
export function nameOf({ sourceLayer, nodeIndex, outputTensorIndex = 0 }: SymbolicTensor): string {
  const layer: tf.layers.Layer = sourceLayer;
  const several = nodeIndex > 0 || outputTensorIndex > 0;
  return several ? `${layer.name}:${nodeIndex}:${outputTensorIndex}` : layer.name;
}

import type { Communicator } from "../../../src/comm/communicator.js";
import { labelled, type Dataset } from "../../../src/data/dataset.js";
import type { Decomposition } from "../../../src/decomposition/decomposition.js";
import { byTensors } from "../../../src/decomposition/tensors.js";
import type { Vector } from "../../../src/linalg/vector.js";
import type { Problem } from "../../../src/methods/problem.js";
import { Batch } from "../../../src/network/batch.js";
import type { Evaluator } from "../../../src/network/evaluator.js";
import type { TensorSlot } from "../../../src/network/layout.js";
import { fcnn } from "../../../src/network/models/fcnn.js";
import { NetworkProblem } from "../../../src/network/problem.js";
import { EvaluationCount } from "../../../src/network/rank-network.js";
import { Random } from "../../../src/random.js";
import { evaluatorOf, wasm } from "../network/networks.js";
import { evenSplit, TestProblem, type TestFunction } from "../objectives.js";

/** One rank's view of a problem that is cut in batches. */
interface Batches {
  /** f on batch b */
  of(b: number): Problem;
  /** ∇f evaluated so far. */
  gradients(): number;
}

/** `other`: of rules whose steps do not depend on the scale of the gradient, and of methods not named. */
export type Rates = Readonly<Record<string, number>> & { readonly other: number };

/** A problem as every method is to solve it, on every number of ranks. */
export interface TestBed {
  readonly start: Vector;
  readonly decomposition: Decomposition;
  /** The parameter tensors; one where none are given. */
  readonly tensors?: readonly TensorSlot[];
  /** Learning rates, or first steps, that suit it, by method. */
  readonly rates: Rates;
  on(comm: Communicator, batches: number): Batches;
}

/** An analytic function, every rank evaluating all of it; its batches differ by their keys alone. */
export function analytic(f: TestFunction, subdomains: number, rates: Rates): TestBed {
  const decomposition = evenSplit(f.dimension, subdomains);
  return {
    start: Float32Array.from(f.start),
    decomposition,
    rates,
    on(_, batches) {
      const all = Array.from({ length: batches }, (_, b) => new TestProblem(f, decomposition, `batch ${b}`));
      return {
        of: (b) => all[b]!,
        gradients: () => all.reduce((sum, { objective }) => sum + objective.gradients, 0),
      };
    },
  };
}

const [INPUTS, CLASSES, ROWS, CHUNK] = [4, 3, 120, 20] as const;

/** Labels that a network can learn: the largest of three inputs. */
function samples(): Dataset {
  const random = new Random(3);
  const features = Uint8Array.from({ length: INPUTS * ROWS }, () => random.integer(256));
  const labels = Int32Array.from({ length: ROWS }, (_, row) => {
    const inputs = [...features.subarray(INPUTS * row, INPUTS * row + CLASSES)];
    return inputs.indexOf(Math.max(...inputs));
  });
  return labelled({ sampleShape: [INPUTS], classes: CLASSES, features, labels });
}

/** A network of 4-12-8-3 units on the WebAssembly backend, its samples in chunks that the ranks share. */
export async function tinyNetworkBed(ranks: number): Promise<TestBed> {
  const backend = await wasm();
  const evaluators: Evaluator[] = [];
  for (let rank = 0; rank < ranks; rank++)
    evaluators.push(await evaluatorOf(fcnn([INPUTS], CLASSES, [12, 8], new Random(1)), backend));
  const { layout } = evaluators[0]!;
  const decomposition = byTensors(layout.slots, 4, [...layout.slots.keys()]);
  const dataset = samples();
  const batchesOf = new Map<number, Batch[]>();
  const cut = (count: number): Batch[] =>
    Array.from({ length: count }, (_, b) => {
      const rows = Int32Array.from({ length: ROWS / count }, (_, i) => i * count + b);
      return new Batch(
        dataset,
        { normalisations: [{ mean: [128], deviation: [70] }] },
        { groupRows: CHUNK },
        rows,
      );
    });
  return {
    start: evaluators[0]!.parameters().slice(),
    decomposition,
    tensors: layout.slots,
    rates: { sgd: 0.1, "schedule-free-sgd": 2, mechanic: 1e-3, "dadapt-adam": 0.1, other: 0.02 },
    on(comm, batches) {
      const count = new EvaluationCount();
      const evaluator = evaluators[comm.rank]!;
      const { subdomains } = decomposition;
      const parts = { evaluator, penalty: undefined, comm, subdomains, count, shards: subdomains.length };
      if (!batchesOf.has(batches)) batchesOf.set(batches, cut(batches));
      const all = batchesOf.get(batches)!.map((batch, b) => new NetworkProblem(`batch ${b}`, batch, parts));
      return { of: (b) => all[b]!, gradients: () => count.globalGradients };
    },
  };
}

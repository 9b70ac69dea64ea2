import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk, Evaluator, EvaluatorOptions, HeapArray, Purpose } from "../evaluator.js";
import type { Goal } from "../goal/goal.js";
import { randomPartsOf } from "../inspect/random.js";
import { wholeTensors, type TensorPart } from "../tensor-part.js";
import type { ParameterLayout } from "../layout.js";
import { Noise } from "../noise.js";
import { layoutOf } from "../parameters.js";
import { wantedInputs } from "../wanted-inputs.js";
import { scoreRows, sumsAt, sumsOf } from "../scores.js";
import { addressOf, Blocks } from "./blocks.js";
import { ChunkMemory } from "./chunk-memory.js";
import { compile, type CompiledNetwork } from "./compile.js";
import { UnsupportedLayer } from "./layers/layer-call.js";
import { gradientCost } from "./cost.js";
import { FrozenResults } from "./frozen.js";
import { InputGradients } from "./input-gradients.js";
import { heapLoss, type HeapLoss, type LossCall } from "./loss.js";
import type { Block } from "./operation.js";
import { Schedules, type Schedule } from "./schedule.js";
import { readStatistics, sizeOfStatistics, writeStatistics } from "./statistics.js";
import { WeightGradients } from "./weight-gradients.js";
import { HeapWeights } from "./weights.js";

/**
 * Evaluates a network on the WebAssembly heap with the project's own kernels: forward and backward through all
 * layers for one cache-sized block of samples after another, so that the samples are read from memory once, nothing
 * is allocated, and elementwise passes cost next to nothing.
 */
export class CompiledEvaluator implements Evaluator {
  readonly description = "own kernels on the WebAssembly heap";
  readonly layout: ParameterLayout;
  readonly blockRows: number;
  readonly cost: number;
  readonly memory: ChunkMemory;
  readonly #blocks: Blocks;
  readonly #inputGradients: InputGradients;
  readonly #network: CompiledNetwork;
  readonly #weights: HeapWeights;
  readonly #weightGradients: WeightGradients;
  readonly #frozen: FrozenResults;
  readonly #schedules: Schedules;
  readonly #everything: Schedule;
  readonly #losses: readonly HeapLoss[];
  readonly #noise: Noise;

  /**
   * @param room bytes that the results for a block of samples may take
   * @throws UnsupportedLayer, UsageError
   */
  constructor(
    private readonly model: tf.LayersModel,
    readonly goal: Goal,
    private readonly heap: Heap,
    room: number,
    { seed = 0, randomLayers, inPlace = false }: Omit<EvaluatorOptions, "memory"> = {},
  ) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#losses = goal.outputs.map(heapLoss);
    const random = randomPartsOf(model);
    if (random.cells.size > 0) throw new UnsupportedLayer("a recurrent layer drops.");
    this.#noise = new Noise(seed, random.layers.size, randomLayers);
    this.#network = compile(model, goal, variables, heap);
    this.cost = gradientCost(this.#network);
    this.#weights = new HeapWeights(heap, layout.slots, this.#network.variables, inPlace);
    this.#weightGradients = new WeightGradients(heap, layout.slots, this.#network, inPlace);
    this.#frozen = new FrozenResults(heap, this.#network, this.#weights);
    this.memory = new ChunkMemory(heap, (address) => {
      this.#frozen.forget(address);
    });
    this.#schedules = new Schedules(this.#network);
    this.#everything = this.#schedules.of(wholeTensors(layout));
    this.#inputGradients = new InputGradients(heap, this.#network);
    const parts = { heap, network: this.#network, weights: this.#weights, noise: this.#noise };
    this.#blocks = new Blocks({ ...parts, frozen: this.#frozen }, room, model.name);
    this.blockRows = this.#blocks.most;
  }

  checkChunk(rows: number): void {
    this.#blocks.check(rows);
  }

  parameters(): Vector {
    return this.#weights.theta();
  }

  setParameters(theta: Vector): void {
    this.#blocks.forget();
    this.#weights.set(theta);
  }

  exportModel(): tf.LayersModel {
    this.#weights.export();
    return this.model;
  }

  get isRandom(): boolean {
    return this.#network.isRandom;
  }

  setStep(step: number): void {
    this.#blocks.forget();
    this.#noise.step = step;
  }

  loss(chunk: Chunk, weight: number, varying?: readonly TensorPart[]): Promise<number> {
    const schedule = varying === undefined ? this.#everything : this.#schedules.of(varying);
    let sum = 0;
    this.#blocks.forEach(chunk, schedule, "training", ({ block, from }) => {
      sum += this.#lossOf(this.#calls(chunk, block, from), weight);
    });
    return Promise.resolve(weight * sum);
  }

  gradient(
    chunk: Chunk,
    weight: number,
    wanted: readonly TensorPart[],
    out: Vector,
    byInput?: readonly (Vector | undefined)[],
    add = false,
  ): Promise<number> {
    const { inputs, outputs, operations, sharedWeights } = this.#network;
    const ofInputs = wantedInputs(byInput);
    const schedule = this.#schedules.of(wanted, ofInputs);
    const { wantedUnits, varies } = schedule;
    const blocks = this.#blocks.of(chunk.rows);
    const pass = this.#weightGradients.begin(schedule.wanted, blocks === 1, { out, add });
    const isShared = (i: number) => operations[i - 1]!.weights.some((one) => sharedWeights.has(one));
    let sum = 0;
    this.#blocks.forEachAgain(chunk, schedule, ({ block, from, workspace }) => {
      const gradients = workspace.gradients.map((address, i) => (varies[i]! ? address : 0));
      for (const i of ofInputs) gradients[inputs[i]!] = this.#inputGradients.for(i, block.rows);
      const calls = this.#calls(chunk, block, from);
      const withGradients = calls.map((call, i) => ({ ...call, gradient: gradients[outputs[i]!]! }));
      sum += this.#lossOf(withGradients, weight);
      const written = gradients.map((_, i) => outputs.includes(i));
      const frame = { ...block, gradients, weightGradients: pass.addresses, wantedUnits, written };
      for (const i of schedule.varying.toReversed()) {
        pass.before(i);
        operations[i - 1]!.backward(isShared(i) ? { ...frame, accumulate: true } : frame);
        pass.after(i);
      }
      for (const i of ofInputs) {
        if (!written[inputs[i]!]) this.#inputGradients.clear(i, block.rows); // nothing differentiable reads it
        this.#inputGradients.read(i, block.rows, from, byInput![i]!);
      }
    });
    pass.end();
    return Promise.resolve(weight * sum);
  }

  forward(chunk: Chunk, out: readonly Vector[], purpose: Purpose = "training"): Promise<void> {
    this.#blocks.forEach(chunk, this.#everything, purpose, ({ block, from }) => {
      this.#readOutputs(block, from, out);
    });
    return Promise.resolve();
  }

  #readOutputs({ rows, values }: Block, from: number, out: readonly Vector[]): void {
    const { operations, outputs } = this.#network;
    for (const [i, own] of outputs.entries()) {
      const { size } = operations[own - 1]!;
      out[i]!.set(this.heap.floats(values[own]!, rows * size), from * size);
    }
  }

  place(values: Vector): HeapArray {
    return this.memory.place(values);
  }

  score(chunk: Chunk, sums: Vector): Promise<void> {
    const { outputs } = this.goal;
    const total = new Float64Array(sumsOf(this.goal));
    this.#blocks.forEach(chunk, this.#everything, "inference", ({ block, from }) => {
      const { rows } = block;
      const calls = this.#calls(chunk, block, from);
      for (const [i, output] of outputs.entries()) {
        const { width, positions, loss } = output;
        const count = rows * positions;
        const values = this.heap.floats(calls[i]!.values, count * width).slice();
        const y = this.heap.floats(calls[i]!.targets, loss.targets === "classes" ? count : count * width);
        scoreRows(output, y, values, rows, width, total, sumsAt(this.goal, i));
      }
    });
    sums.set(total);
    return Promise.resolve();
  }

  /** Σ over a block's samples of their losses, and the gradients of `weight` times that. */
  #lossOf(calls: readonly LossCall[], weight: number): number {
    let sum = 0;
    this.goal.outputs.forEach((output, i) => {
      sum += output.weight * this.#losses[i]!(this.heap, calls[i]!, output.weight * weight);
    });
    return sum;
  }

  get statisticsSize(): number {
    return sizeOfStatistics(this.#network.statistics);
  }

  statistics(chunk: Chunk, weight: number, out: Vector, results?: readonly Vector[]): Promise<void> {
    this.#blocks.forEach(chunk, this.#everything, "training", ({ block, from }) => {
      if (results) this.#readOutputs(block, from, results);
      readStatistics(this.heap, this.#network.statistics, weight, out);
    });
    return Promise.resolve();
  }

  setStatistics(statistics: Vector): void {
    writeStatistics(this.heap, this.#network.statistics, this.#weights.values, statistics);
  }

  dispose(): void {
    for (const operation of this.#network.operations) operation.dispose?.();
    this.#frozen.clear();
    this.memory.dispose();
    this.#blocks.free();
    this.#inputGradients.free();
    this.#weightGradients.free();
    this.#weights.free();
  }

  /** Where the losses of the outputs find their operands for a block. */
  #calls(chunk: Chunk, { rows, values }: Block, from: number): LossCall[] {
    const rowsFrom = (place: Chunk["inputs"][number] | undefined) =>
      place ? addressOf(this.heap, place) + 4 * from * (place.size / chunk.rows) : 0;
    return chunk.targets.map(({ values: y, weights }, i) => ({
      rows,
      values: values[this.#network.outputs[i]!]!,
      targets: rowsFrom(y),
      weights: rowsFrom(weights),
      weighsPositions: weights !== undefined && weights.size > chunk.rows,
      gradient: 0,
    }));
  }
}

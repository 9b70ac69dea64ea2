import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk, Evaluator, HeapArray } from "../evaluator.js";
import type { Goal } from "../goal/goal.js";
import { randomPartsOf } from "../inspect/random.js";
import { wholeTensors, type TensorPart } from "../tensor-part.js";
import type { ParameterLayout } from "../layout.js";
import { Noise } from "../noise.js";
import { layoutOf } from "../parameters.js";
import { scoreRows, sumsAt, sumsOf } from "../scores.js";
import { ChunkMemory } from "./chunk-memory.js";
import { compile, type CompiledNetwork } from "./compile.js";
import { UnsupportedLayer } from "./layers/layer-call.js";
import { FrozenResults } from "./frozen.js";
import { heapLoss, type HeapLoss, type LossCall } from "./loss.js";
import type { Block } from "./operation.js";
import { scheduleFor, type Schedule } from "./schedule.js";
import { HeapWeights } from "./weights.js";
import { Workspace } from "./workspace.js";

/** Bytes of a block of samples and all its results that stay in the second-level cache. */
const BLOCK_BYTES = 2 ** 20;
/** Blocks have at least this many samples, or so many that all products have this many rows, which are worth their packing, */
const LEAST_BLOCK = 64;
const LEAST_ROWS = 1024;
/** and no more than this: nothing is gained beyond. */
const MOST_BLOCK = 256;

/** Every operation computes all of its units. */
const NO_UNITS: readonly undefined[] = [];

/**
 * Evaluates a network on the WebAssembly heap with the project's own kernels: forward and backward through all
 * layers for one cache-sized block of samples after another, so that the samples are read from memory once, nothing
 * is allocated, and elementwise passes cost next to nothing.
 */
export class CompiledEvaluator implements Evaluator {
  readonly description = "own kernels on the WebAssembly heap";
  readonly layout: ParameterLayout;
  readonly blockRows: number;
  readonly memory: ChunkMemory;
  readonly #network: CompiledNetwork;
  readonly #weights: HeapWeights;
  readonly #frozen: FrozenResults;
  readonly #schedules = new Map<string, Schedule>();
  /** The same by the very list of parts, which a caller keeps: no key is made in a step. */
  readonly #schedulesOfLists = new WeakMap<readonly TensorPart[], Schedule>();
  readonly #everything: Schedule;
  readonly #losses: readonly HeapLoss[];
  readonly #noise: Noise;
  readonly #sampleBytes: number;
  #workspace: Workspace;

  /**
   * @param room bytes that the results for a block of samples may take
   * @param seed of what random layers draw
   * @param randomLayers their numbers, as `Noise` takes them
   * @throws UnsupportedLayer, UsageError
   */
  constructor(
    private readonly model: tf.LayersModel,
    readonly goal: Goal,
    private readonly heap: Heap,
    private readonly room: number,
    seed = 0,
    randomLayers?: readonly number[],
  ) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#losses = goal.outputs.map(heapLoss);
    const random = randomPartsOf(model);
    if (random.cells.size > 0) throw new UnsupportedLayer("a recurrent layer drops.");
    this.#noise = new Noise(seed, random.layers.size, randomLayers);
    this.#network = compile(model, goal, variables, heap);
    this.#weights = new HeapWeights(heap, layout.slots, this.#network.variables);
    this.memory = new ChunkMemory(heap);
    this.#frozen = new FrozenResults(heap, this.#network, this.#weights);
    this.#everything = this.#schedule(wholeTensors(layout));
    this.#sampleBytes = Workspace.sampleBytes(this.#network);
    const most = Math.floor(room / this.#sampleBytes);
    const positions = Math.min(
      ...this.#network.operations.map((operation) => operation.positions ?? Infinity),
    );
    const least = Math.min(LEAST_BLOCK, Math.ceil(LEAST_ROWS / positions));
    const rows = Math.min(MOST_BLOCK, Math.max(least, Math.floor(BLOCK_BYTES / this.#sampleBytes)));
    this.#workspace = Workspace.allocate(
      heap,
      this.#network,
      this.#affordable(Math.max(1, Math.min(rows, most))),
    );
    this.blockRows = this.#network.statistics.length > 0 ? Infinity : this.#workspace.rows;
  }

  checkChunk(rows: number): void {
    if (this.#network.statistics.length > 0) this.#affordable(rows);
  }

  parameters(): Vector {
    return this.#weights.theta();
  }

  setParameters(theta: Vector): void {
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
    this.#noise.step = step;
  }

  loss(chunk: Chunk, weight: number, varying?: readonly TensorPart[]): Promise<number> {
    const schedule = varying === undefined ? this.#everything : this.#schedule(varying);
    let sum = 0;
    this.#forEachBlock(chunk, schedule, false, (_, calls) => {
      sum += this.#lossOf(calls, weight);
    });
    return Promise.resolve(weight * sum);
  }

  gradient(chunk: Chunk, weight: number, wanted: readonly TensorPart[], out: Vector): Promise<number> {
    const schedule = this.#schedule(wanted);
    const { outputs, operations, sharedWeights } = this.#network;
    const { wantedUnits, varies } = schedule;
    for (const i of sharedWeights) if (schedule.wanted.has(i)) this.#weights.clearGradient(i);
    const isShared = (i: number) => operations[i - 1]!.weights.some((weight) => sharedWeights.has(weight));
    const weightGradients = this.#weights.gradients.map((address, i) =>
      schedule.wanted.has(i) ? address : 0,
    );
    let sum = 0;
    this.#forEachBlock(chunk, schedule, false, (block, calls) => {
      const gradients = this.#workspace.gradients.map((address, i) => (varies[i]! ? address : 0));
      const withGradients = calls.map((call, i) => ({ ...call, gradient: gradients[outputs[i]!]! }));
      sum += this.#lossOf(withGradients, weight);
      const written = gradients.map((_, i) => outputs.includes(i));
      const frame = { ...block, gradients, weightGradients, wantedUnits, written };
      for (const i of schedule.varying.toReversed()) {
        operations[i - 1]!.backward(isShared(i) ? { ...frame, accumulate: true } : frame);
      }
    });
    for (const { tensor } of wanted) this.#weights.readGradient(tensor, out);
    return Promise.resolve(weight * sum);
  }

  score(chunk: Chunk, sums: Vector): Promise<void> {
    const { outputs } = this.goal;
    const total = new Float64Array(sumsOf(this.goal));
    this.#forEachBlock(chunk, this.#everything, true, ({ rows }, calls) => {
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
    return this.#network.statistics.reduce((sum, { channels }) => sum + 2 * channels, 0);
  }

  statistics(chunk: Chunk, weight: number, out: Vector): Promise<void> {
    this.#forEachBlock(chunk, this.#everything, false, () => {
      let at = 0;
      for (const { channels, batchMean, batchVariance } of this.#network.statistics) {
        for (const address of [batchMean, batchVariance]) {
          const values = this.heap.floats(address, channels);
          for (let i = 0; i < channels; i++) out[at++] = weight * values[i]!;
        }
      }
    });
    return Promise.resolve();
  }

  setStatistics(statistics: Vector): void {
    let at = 0;
    for (const { channels, mean, variance } of this.#network.statistics) {
      for (const weight of [mean, variance]) {
        const values = this.heap.floats(this.#weights.values[weight]!, channels);
        values.set(statistics.subarray(at, (at += channels)));
      }
    }
  }

  dispose(): void {
    for (const operation of this.#network.operations) operation.dispose?.();
    this.#frozen.clear();
    this.memory.dispose();
    this.#workspace.free();
    this.#weights.free();
  }

  /** Runs the network forward over `chunk` and shows `visit` each block with what the losses of its outputs are of. */
  #forEachBlock(
    chunk: Chunk,
    schedule: Schedule,
    inference: boolean,
    visit: (block: Block, calls: readonly LossCall[]) => void,
  ): void {
    const { operations, inputs, inputSizes, outputs, isRandom } = this.#network;
    const kept = inference ? undefined : this.#frozen.for(chunk, schedule, this.#noise.step);
    const computed = kept !== undefined && !kept.fresh;
    const whole = this.#network.statistics.length > 0 && !inference;
    if (whole && chunk.rows > this.#workspace.rows) {
      this.#workspace.free();
      this.#workspace = Workspace.allocate(this.heap, this.#network, this.#affordable(chunk.rows));
    }
    const { samples } = this.#workspace;
    const blocks = whole ? 1 : Math.ceil(chunk.rows / this.#workspace.rows);
    for (let b = 0; b < blocks; b++) {
      const from = Math.floor((chunk.rows * b) / blocks);
      const rows = Math.floor((chunk.rows * (b + 1)) / blocks) - from;
      const rowsFrom = (place: tf.Tensor | HeapArray | undefined) =>
        place ? this.#addressOf(place) + 4 * from * (place.size / chunk.rows) : 0;
      const values = [...this.#workspace.values];
      inputs.forEach((own, i) => {
        values[own] = this.#addressOf(chunk.inputs[i]!) + 4 * from * inputSizes[i]!;
      });
      schedule.kept.forEach((i, at) => {
        if (kept) values[i] = kept.addresses[at]! + 4 * from * operations[i - 1]!.size;
      });
      if (isRandom) this.heap.integers(samples, rows).set(chunk.samples.subarray(from, from + rows));
      const block = {
        heap: this.heap,
        rows,
        values,
        memory: this.#workspace.memory,
        weights: this.#weights.values,
        units: schedule.units,
        samples,
        noise: this.#noise,
        inference,
        accumulate: b > 0,
      };
      if (!computed) for (const i of schedule.frozen) operations[i - 1]!.forward(block);
      for (const i of schedule.varying) {
        // The varying units are always computed by themselves: a BLAS may round them otherwise among the others.
        if (!computed && schedule.units[i]) operations[i - 1]!.forward({ ...block, units: NO_UNITS });
        operations[i - 1]!.forward(block);
      }
      const calls = chunk.targets.map(({ values: y, weights }, i) => ({
        rows,
        values: values[outputs[i]!]!,
        targets: rowsFrom(y),
        weights: rowsFrom(weights),
        weighsPositions: weights !== undefined && weights.size > chunk.rows,
        gradient: 0,
      }));
      visit(block, calls);
    }
  }

  #addressOf(place: tf.Tensor | HeapArray): number {
    return "address" in place ? place.address : this.heap.address(place);
  }

  #schedule(parts: readonly TensorPart[]): Schedule {
    const known = this.#schedulesOfLists.get(parts);
    if (known !== undefined) return known;
    const key = parts.map(({ tensor, from, to }) => `${tensor}:${from}-${to}`).join();
    let schedule = this.#schedules.get(key);
    if (schedule === undefined) this.#schedules.set(key, (schedule = scheduleFor(this.#network, parts)));
    this.#schedulesOfLists.set(parts, schedule);
    return schedule;
  }

  /** `rows`, if a block of so many fits into the memory allowed. */
  #affordable(rows: number): number {
    if (rows * this.#sampleBytes <= this.room) return rows;
    const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
    const [why, orElse] =
      rows > 1
        ? [
            " (batch normalisation sees all of a group at once)",
            ", or fewer samples in a group with --ghost-batch",
          ]
        : ["", ""];
    throw new UsageError(
      `Expected to evaluate ${rows} sample${rows === 1 ? "" : "s"} of "${this.model.name}" in ${megabytes(this.room)}, ` +
        `but that takes ${megabytes(rows * this.#sampleBytes)}${why}. Allow more with --memory${orElse}.`,
    );
  }
}

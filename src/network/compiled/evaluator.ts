import type { Heap } from "../../compute/wasm/heap.js";
import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk, Evaluator, Score } from "../evaluator.js";
import { wholeTensors, type TensorPart } from "../tensor-part.js";
import type { ParameterLayout } from "../layout.js";
import { layoutOf } from "../parameters.js";
import { compile, type CompiledNetwork } from "./compile.js";
import { FrozenResults } from "./frozen.js";
import type { Block } from "./operation.js";
import { scheduleFor, type Schedule } from "./schedule.js";
import { HeapWeights } from "./weights.js";
import { Workspace } from "./workspace.js";

/** Bytes of a block of samples and all its results that stay in the second-level cache. */
const BLOCK_BYTES = 2 ** 20;
/** Blocks have at least this many samples, so that products are worth their packing, */
const LEAST_BLOCK = 64;
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
  readonly #network: CompiledNetwork;
  readonly #weights: HeapWeights;
  readonly #frozen: FrozenResults;
  readonly #schedules = new Map<string, Schedule>();
  readonly #everything: Schedule;
  readonly #sampleBytes: number;
  #workspace: Workspace;

  /**
   * @param memory bytes that the results for a block of samples may take
   * @throws UnsupportedLayer, UsageError
   */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly heap: Heap,
    private readonly memory: number,
  ) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#network = compile(model, variables, heap);
    this.#weights = new HeapWeights(heap, layout.slots, this.#network.variables);
    this.#frozen = new FrozenResults(heap, this.#network, this.#weights);
    this.#everything = this.#schedule(wholeTensors(layout));
    this.#sampleBytes = Workspace.sampleBytes(this.#network);
    const most = Math.floor(memory / this.#sampleBytes);
    const rows = Math.min(MOST_BLOCK, Math.max(LEAST_BLOCK, Math.floor(BLOCK_BYTES / this.#sampleBytes)));
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

  loss(chunk: Chunk, weight: number, varying?: readonly TensorPart[]): Promise<number> {
    const schedule = varying === undefined ? this.#everything : this.#schedule(varying);
    let sum = 0;
    this.#forEachBlock(chunk, schedule, false, ({ rows }, logits, labels) => {
      sum += this.heap.kernels.crossEntropy(logits, labels, rows, this.#network.classes, weight, 0);
    });
    return Promise.resolve(weight * sum);
  }

  gradient(chunk: Chunk, weight: number, wanted: readonly TensorPart[], out: Vector): Promise<number> {
    const schedule = this.#schedule(wanted);
    const { output, classes, operations } = this.#network;
    const { wantedUnits, varies } = schedule;
    const weightGradients = this.#weights.gradients.map((address, i) =>
      schedule.wanted.has(i) ? address : 0,
    );
    let sum = 0;
    this.#forEachBlock(chunk, schedule, false, (block, logits, labels) => {
      const gradients = this.#workspace.gradients.map((address, i) => (varies[i]! ? address : 0));
      const dz = this.#workspace.gradients[output]!;
      sum += this.heap.kernels.crossEntropy(logits, labels, block.rows, classes, weight, dz);
      const written = gradients.map(() => false);
      const frame = { ...block, gradients, weightGradients, wantedUnits, written };
      for (const i of schedule.varying.toReversed()) operations[i - 1]!.backward(frame);
    });
    for (const { tensor } of wanted) this.#weights.readGradient(tensor, out);
    return Promise.resolve(weight * sum);
  }

  score(chunk: Chunk): Promise<Score> {
    const { classes } = this.#network;
    const { kernels } = this.heap;
    let loss = 0;
    let correct = 0;
    this.#forEachBlock(chunk, this.#everything, true, ({ rows }, logits, labels) => {
      loss += kernels.crossEntropy(logits, labels, rows, classes, 1, 0);
      correct += kernels.countCorrect(logits, labels, rows, classes);
    });
    return Promise.resolve({ loss, correct });
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
    this.#workspace.free();
    this.#weights.free();
  }

  /** Runs the network forward over `chunk` and shows `visit` each block with the addresses of its logits and labels. */
  #forEachBlock(
    chunk: Chunk,
    schedule: Schedule,
    inference: boolean,
    visit: (block: Block, logits: number, labels: number) => void,
  ): void {
    const { operations, inputSize, output, classes } = this.#network;
    const kept = inference ? undefined : this.#frozen.for(chunk, schedule);
    const computed = kept !== undefined && !kept.fresh;
    const whole = this.#network.statistics.length > 0 && !inference;
    if (whole && chunk.rows > this.#workspace.rows) {
      this.#workspace.free();
      this.#workspace = Workspace.allocate(this.heap, this.#network, this.#affordable(chunk.rows));
    }
    const [x, y] = [this.heap.address(chunk.x), this.heap.address(chunk.y)];
    const blocks = whole ? 1 : Math.ceil(chunk.rows / this.#workspace.rows);
    for (let b = 0; b < blocks; b++) {
      const from = Math.floor((chunk.rows * b) / blocks);
      const values = [...this.#workspace.values];
      values[0] = x + 4 * from * inputSize;
      schedule.kept.forEach((i, at) => {
        if (kept) values[i] = kept.addresses[at]! + 4 * from * operations[i - 1]!.size;
      });
      const block = {
        heap: this.heap,
        rows: Math.floor((chunk.rows * (b + 1)) / blocks) - from,
        values,
        weights: this.#weights.values,
        units: schedule.units,
        inference,
        accumulate: b > 0,
      };
      if (!computed) for (const i of schedule.frozen) operations[i - 1]!.forward(block);
      for (const i of schedule.varying) {
        // The varying units are always computed by themselves: a BLAS may round them otherwise among the others.
        if (!computed && schedule.units[i]) operations[i - 1]!.forward({ ...block, units: NO_UNITS });
        operations[i - 1]!.forward(block);
      }
      visit(block, values[output]!, y + 4 * from * classes);
    }
  }

  #schedule(parts: readonly TensorPart[]): Schedule {
    const key = parts.map(({ tensor, from, to }) => `${tensor}:${from}-${to}`).join();
    let schedule = this.#schedules.get(key);
    if (schedule === undefined) this.#schedules.set(key, (schedule = scheduleFor(this.#network, parts)));
    return schedule;
  }

  /** `rows`, if a block of so many fits into the memory allowed. */
  #affordable(rows: number): number {
    if (rows * this.#sampleBytes <= this.memory) return rows;
    const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
    const [why, orElse] =
      rows > 1
        ? [
            " (batch normalisation sees all of a group at once)",
            ", or fewer samples in a group with --ghost-batch",
          ]
        : ["", ""];
    throw new UsageError(
      `Expected to evaluate ${rows} sample${rows === 1 ? "" : "s"} of "${this.model.name}" in ${megabytes(this.memory)}, ` +
        `but that takes ${megabytes(rows * this.#sampleBytes)}${why}. Allow more with --memory${orElse}.`,
    );
  }
}

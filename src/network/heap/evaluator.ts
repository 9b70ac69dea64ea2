import type { Heap } from "../../compute/wasm/heap.js";
import { tf } from "../../compute/tensorflow.js";
import type { Vector } from "../../linalg/vector.js";
import type { Chunk, Evaluator, Score } from "../evaluator.js";
import { layoutOf, type ParameterLayout } from "../layout.js";
import { compile, type CompiledNetwork } from "./compile.js";
import { FrozenResults } from "./frozen.js";
import type { Block } from "./operation.js";
import { scheduleFor, type Schedule } from "./schedule.js";
import { HeapWeights } from "./weights.js";
import { Workspace } from "./workspace.js";

/** Floats of a block of samples and all its results that stay in the second-level cache (1 MB). */
const BLOCK_FLOATS = 2 ** 18;
/** Blocks have at least this many samples, so that products are worth their packing, */
const LEAST_BLOCK = 64;
/** and no more than this: nothing is gained beyond. */
const MOST_BLOCK = 256;

/**
 * Evaluates a network on the WebAssembly heap with the project's own kernels: forward and backward through all
 * layers for one cache-sized block of samples after another, so that the samples are read from memory once, nothing
 * is allocated, and elementwise passes cost next to nothing.
 */
export class HeapEvaluator implements Evaluator {
  readonly description = "own kernels on the WebAssembly heap";
  readonly layout: ParameterLayout;
  readonly #network: CompiledNetwork;
  readonly #weights: HeapWeights;
  readonly #variables: readonly tf.Variable[];
  readonly #workspace: Workspace;
  readonly #frozen: FrozenResults;
  readonly #schedules = new Map<string, Schedule>();
  readonly #everything: Schedule;

  /** @throws UnsupportedLayer */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly heap: Heap,
  ) {
    const { layout, variables } = layoutOf(model);
    this.layout = layout;
    this.#variables = variables;
    this.#network = compile(model, variables);
    this.#weights = new HeapWeights(heap, layout.slots, this.#network.variables);
    this.#frozen = new FrozenResults(heap, this.#network);
    this.#everything = this.#schedule(layout.slots.keys());
    const perSample = this.#network.inputSize + Workspace.sampleSize(this.#network);
    const rows = Math.max(LEAST_BLOCK, Math.min(MOST_BLOCK, Math.floor(BLOCK_FLOATS / perSample)));
    this.#workspace = Workspace.allocate(heap, this.#network, rows);
  }

  parameters(): Vector {
    return this.#weights.theta();
  }

  setParameters(theta: Vector): void {
    this.#weights.set(theta);
  }

  exportModel(): tf.LayersModel {
    const theta = this.parameters();
    this.layout.slots.forEach(({ offset, size, shape }, i) => {
      const value = tf.tensor(theta.subarray(offset, offset + size), [...shape]);
      this.#variables[i]!.assign(value);
      value.dispose();
    });
    return this.model;
  }

  loss(chunk: Chunk, weight: number, varying?: readonly number[]): Promise<number> {
    const schedule = varying === undefined ? this.#everything : this.#schedule(varying);
    let sum = 0;
    this.#forEachBlock(chunk, schedule, ({ rows }, logits, labels) => {
      sum += this.heap.kernels.crossEntropy(logits, labels, rows, this.#network.classes, weight, 0);
    });
    return Promise.resolve(weight * sum);
  }

  gradient(chunk: Chunk, weight: number, wanted: readonly number[], out: Vector): Promise<number> {
    const schedule = this.#schedule(wanted);
    const { output, classes, operations } = this.#network;
    const weightGradients = this.#weights.gradients.map((address, i) => (wanted.includes(i) ? address : 0));
    const gradients = this.#workspace.gradients.map((address, i) => (schedule.varies[i]! ? address : 0));
    let sum = 0;
    this.#forEachBlock(chunk, schedule, (block, logits, labels) => {
      const dz = this.#workspace.gradients[output]!;
      sum += this.heap.kernels.crossEntropy(logits, labels, block.rows, classes, weight, dz);
      const frame = { ...block, gradients, weightGradients, written: gradients.map(() => false) };
      for (let i = schedule.varying.length - 1; i >= 0; i--)
        operations[schedule.varying[i]! - 1]!.backward(frame);
    });
    for (const i of wanted) this.#weights.readGradient(i, out);
    return Promise.resolve(weight * sum);
  }

  score(chunk: Chunk): Promise<Score> {
    const { classes } = this.#network;
    const { kernels } = this.heap;
    let loss = 0;
    let correct = 0;
    this.#forEachBlock(chunk, this.#everything, ({ rows }, logits, labels) => {
      loss += kernels.crossEntropy(logits, labels, rows, classes, 1, 0);
      correct += kernels.countCorrect(logits, labels, rows, classes);
    });
    return Promise.resolve({ loss, correct });
  }

  dispose(): void {
    this.#frozen.clear();
    this.#workspace.free();
    this.#weights.free();
  }

  /** Runs the network forward over `chunk` and shows `visit` each block with the addresses of its logits and labels. */
  #forEachBlock(
    chunk: Chunk,
    schedule: Schedule,
    visit: (block: Block, logits: number, labels: number) => void,
  ): void {
    const { operations, inputSize, output, classes } = this.#network;
    const kept = this.#frozen.for(chunk, schedule, this.#weights.versions);
    const [x, y] = [this.heap.address(chunk.x), this.heap.address(chunk.y)];
    const blocks = Math.ceil(chunk.rows / this.#workspace.rows);
    for (let b = 0; b < blocks; b++) {
      const from = Math.floor((chunk.rows * b) / blocks);
      const rows = Math.floor((chunk.rows * (b + 1)) / blocks) - from;
      const values = [...this.#workspace.values];
      values[0] = x + 4 * from * inputSize;
      schedule.frontier.forEach((i, at) => {
        if (kept) values[i] = kept.addresses[at]! + 4 * from * operations[i - 1]!.size;
      });
      const block = { heap: this.heap, rows, values, weights: this.#weights.values, accumulate: b > 0 };
      if (!kept || kept.fresh) for (const i of schedule.frozen) operations[i - 1]!.forward(block);
      for (const i of schedule.varying) operations[i - 1]!.forward(block);
      visit(block, values[output]!, y + 4 * from * classes);
    }
  }

  #schedule(varying: Iterable<number>): Schedule {
    const weights = [...varying];
    const key = weights.join();
    let schedule = this.#schedules.get(key);
    if (schedule === undefined) this.#schedules.set(key, (schedule = scheduleFor(this.#network, weights)));
    return schedule;
  }
}

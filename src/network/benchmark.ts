import { startBackend, type BackendOptions, type ComputeBackend } from "../compute/backend.js";
import { productSpeed } from "../compute/product-speed.js";
import { startProfile, type KernelTime } from "../compute/profile.js";
import { tf } from "../compute/tensorflow.js";
import { sizeOf } from "../data/dataset.js";
import { UsageError } from "../errors.js";
import { Random } from "../random.js";
import { medianOf } from "../averages.js";
import { disposeChunk } from "./batch.js";
import { builtIn, goalFor, type SampleKind } from "./build.js";
import { createEvaluator, type Chunk, type Evaluator } from "./evaluator.js";
import { wholeTensors } from "./tensor-part.js";
import { unitsFor, type ModelName } from "./models/names.js";

export interface ComputeBenchmarkOptions extends BackendOptions {
  readonly model: ModelName;
  /** Samples of one evaluation. */
  readonly batch: number;
  /** Samples evaluated at once; the batch is cut in such chunks. */
  readonly chunk: number;
  /** Evaluations measured; their median counts. */
  readonly rounds: number;
  /** Bytes that intermediate results may take. */
  readonly memory?: number;
  /** Also measure each kernel, in one more evaluation. */
  readonly profile: boolean;
}

export interface ComputeBenchmark extends Pick<ComputeBenchmarkOptions, "model" | "batch" | "chunk"> {
  readonly backend: string;
  readonly description: string;
  readonly evaluator: string;
  readonly parameters: number;
  /** Medians. */
  readonly lossMilliseconds: number;
  readonly gradientMilliseconds: number;
  /**
   * Of the products alone, where the backend counts them: floating point operations in a second of gradient
   * evaluation, the same for one large product (what this machine can do with this backend), and their quotient.
   */
  readonly gflops: number | undefined;
  readonly peakGflops: number;
  readonly share: number | undefined;
  /** Bytes: of the WebAssembly heap, and of the process. */
  readonly heapBytes: number | undefined;
  readonly residentBytes: number;
  readonly profile: readonly KernelTime[] | undefined;
}

const classified = (shape: readonly number[], classes: number): SampleKind => ({
  name: "random samples",
  inputs: [{ shape }],
  targets: [{ shape: [], classes }],
});

/** Samples and classes as in the literature. */
const kinds: Readonly<Record<ModelName, SampleKind>> = {
  fcnn: classified([28, 28, 1], 10),
  cnn: classified([28, 28, 1], 10),
  resnet18: classified([32, 32, 3], 1000),
  "resnet18-cifar": classified([32, 32, 3], 10),
  gpt: { name: "random text", inputs: [{ shape: [64] }], targets: [{ shape: [64], classes: 65 }] },
};

/** A benchmark that is ready to be run, one evaluation at a time, beside others. */
export class ComputeBenchmarkRun {
  private constructor(
    readonly backend: ComputeBackend,
    readonly evaluator: Evaluator,
    private readonly chunks: readonly Chunk[],
    private readonly batch: number,
  ) {}

  static async prepare(options: ComputeBenchmarkOptions): Promise<ComputeBenchmarkRun> {
    const { model, batch, chunk } = options;
    if (!(batch >= 1 && chunk >= 1)) {
      throw new UsageError(
        `Expected at least one sample in the batch and the chunk, got ${batch} and ${chunk}.`,
      );
    }
    const backend = await startBackend(options);
    const network = create(model);
    const goal = goalFor(network, kinds[model], [], { name: model, builtIn: true });
    const { memory } = options;
    const evaluator = await createEvaluator(network, goal, backend, memory === undefined ? {} : { memory });
    const chunks: Chunk[] = [];
    for (let from = 0; from < batch; from += chunk) {
      chunks.push(randomChunk(model, Math.min(chunk, batch - from), new Random(from)));
    }
    return new ComputeBenchmarkRun(backend, evaluator, chunks, batch);
  }

  async loss(): Promise<number> {
    let sum = 0;
    for (const chunk of this.chunks) sum += await this.evaluator.loss(chunk, 1 / this.batch);
    return sum;
  }

  async gradient(): Promise<number> {
    const { layout } = this.evaluator;
    const out = new Float32Array(layout.dimension);
    const tensors = wholeTensors(layout);
    let sum = 0;
    for (const chunk of this.chunks)
      sum += await this.evaluator.gradient(chunk, 1 / this.batch, tensors, out);
    return sum;
  }

  /** Floating point operations of the products of one `gradient`, which it runs; 0 where nothing counts them. */
  async gradientFlops(): Promise<number> {
    const { heap } = this.backend;
    const before = heap?.productFlops ?? 0;
    await this.gradient();
    return (heap?.productFlops ?? 0) - before;
  }

  dispose(): void {
    for (const chunk of this.chunks) disposeChunk(chunk);
    this.evaluator.dispose();
  }
}

/**
 * Measures loss and gradient of a network on random samples. Starts the backend: a process's tensors of before stay
 * where they are.
 * @throws UsageError where the backend cannot start or the batch does not fit
 */
export async function benchmarkCompute(options: ComputeBenchmarkOptions): Promise<ComputeBenchmark> {
  const run = await ComputeBenchmarkRun.prepare(options);
  const { backend, evaluator } = run;
  const { model, batch, chunk, rounds } = options;
  await run.gradient(); // warm: code is compiled, memory is there
  const flops = await run.gradientFlops();
  const gradientMilliseconds = await medianTime(() => run.gradient(), rounds);
  const lossMilliseconds = await medianTime(() => run.loss(), rounds);
  const peakGflops = await peak();
  let profile: KernelTime[] | undefined;
  if (options.profile) {
    const end = startProfile(backend);
    await run.gradient();
    profile = end();
  }
  const gflops = flops > 0 ? flops / gradientMilliseconds / 1e6 : undefined;
  const result: ComputeBenchmark = {
    backend: backend.name,
    description: backend.description,
    evaluator: evaluator.description,
    model,
    parameters: evaluator.layout.dimension,
    batch,
    chunk,
    lossMilliseconds,
    gradientMilliseconds,
    gflops,
    peakGflops,
    share: gflops === undefined ? undefined : gflops / peakGflops,
    heapBytes: backend.heap?.size,
    residentBytes: process.memoryUsage.rss(),
    profile,
  };
  run.dispose();
  return result;
}

function create(model: ModelName): tf.LayersModel {
  const sizes = {
    hidden: model === "cnn" ? [32] : [32, 32],
    channels: [16, 32],
    layers: 4,
    heads: 4,
    width: 128,
  };
  const kind = kinds[model];
  return builtIn[model](sizes, kind.inputs[0]!.shape, unitsFor(model, kind), new Random(1));
}

function randomChunk(model: ModelName, rows: number, random: Random): Chunk {
  const { inputs, targets } = kinds[model];
  const [{ shape }, target] = [inputs[0]!, targets[0]!];
  const classes = () => random.integer(target.classes!);
  const values = (of: readonly number[], draw: () => number) =>
    tf.tensor(Float32Array.from({ length: rows * sizeOf(of) }, draw), [rows, ...of]);
  return {
    rows,
    samples: Int32Array.from({ length: rows }, (_, i) => i),
    inputs: [values(shape, model === "gpt" ? classes : () => random.uniform(-1, 1))],
    targets: [{ values: values(target.shape, classes), weights: undefined }],
  };
}

async function medianTime(run: () => Promise<unknown>, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return medianOf(times);
}

/** GFLOP/s of one large product, the best of five: 1024 × 1024 matrices, smaller ones on a slow backend. */
async function peak(): Promise<number> {
  const small = await productSpeed(256, 3); // the first compiles code
  return small < 5 ? small : productSpeed(1024, 5);
}

import type { Communicator } from "./communicator.js";

export interface CommunicationBenchmarkOptions {
  /** Bytes per message, multiples of 4. For allgather: what each rank contributes. */
  readonly sizes?: readonly number[];
  readonly operations?: readonly BenchmarkOperation[];
  /** Seconds to spend on each operation and size. */
  readonly seconds?: number;
}

export interface CommunicationTiming {
  readonly operation: BenchmarkOperation;
  readonly ranks: number;
  readonly bytes: number;
  readonly repetitions: number;
  /** Of the slowest rank in each repetition, from its own start behind a barrier to its own end. */
  readonly medianSeconds: number;
  readonly minimumSeconds: number;
  /** `bytes` over the median. */
  readonly gigabytesPerSecond: number;
}

const BENCHMARK_OPERATIONS = [
  "barrier",
  "send",
  "broadcast",
  "allgather",
  "reduceScatter",
  "reduce",
  "allreduce",
] as const;
export type BenchmarkOperation = (typeof BENCHMARK_OPERATIONS)[number];

/** 1 KB to the parameters of ResNet-18. */
const BENCHMARK_SIZES: readonly number[] = [1024, 16_384, 108_544, 1 << 20, 4 << 20, 46_756_048];

/**
 * Times collectives; called by all ranks with the same options, returns the timings on all. `send` is a message
 * from rank 0 to rank 1 and an empty one back.
 */
export async function benchmarkCommunication(
  comm: Communicator,
  {
    sizes = BENCHMARK_SIZES,
    operations = BENCHMARK_OPERATIONS,
    seconds = 1,
  }: CommunicationBenchmarkOptions = {},
  onTiming?: (timing: CommunicationTiming) => void,
): Promise<CommunicationTiming[]> {
  const timings: CommunicationTiming[] = [];
  for (const operation of operations) {
    for (const bytes of operation === "barrier" ? [0] : sizes) {
      const timing = await time(comm, operation, bytes, seconds);
      timings.push(timing);
      onTiming?.(timing);
    }
  }
  return timings;
}

const FEWEST = 5;
const MOST = 2000;

async function time(
  comm: Communicator,
  operation: BenchmarkOperation,
  bytes: number,
  seconds: number,
): Promise<CommunicationTiming> {
  const durations = await timeCollective(comm, prepare(comm, operation, bytes / 4), seconds);
  const medianSeconds = durations[durations.length >> 1]!;
  return {
    operation,
    ranks: comm.size,
    bytes,
    repetitions: durations.length,
    medianSeconds,
    minimumSeconds: durations[0]!,
    gigabytesPerSecond: bytes / medianSeconds / 1e9,
  };
}

/** Seconds of each repetition of `run` on its slowest rank, sorted; about `seconds` in all. */
export async function timeCollective(
  comm: Communicator,
  run: () => Promise<unknown>,
  seconds: number,
): Promise<Float64Array> {
  const once = async (): Promise<number> => {
    await comm.barrier();
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  };
  await once();
  const [estimate] = await comm.allreduce(new Float64Array([(await once()) + (await once())]), "max");
  const repetitions = Math.round(Math.min(MOST, Math.max(FEWEST, (2 * seconds) / estimate!)));
  const durations = new Float64Array(repetitions);
  for (let i = 0; i < repetitions; i++) durations[i] = await once();
  await comm.allreduce(durations, "max");
  return durations.sort();
}

function prepare(comm: Communicator, operation: BenchmarkOperation, length: number): () => Promise<unknown> {
  const { rank, size } = comm;
  const data = new Float32Array(length).fill(0); // zeros stay zeros, however often they are summed
  switch (operation) {
    case "barrier":
      return () => comm.barrier();
    case "send": {
      const nothing = new Uint8Array(0);
      if (rank > 1 || size === 1) return () => Promise.resolve();
      return rank === 0
        ? () => Promise.all([comm.send(1, 0, data), comm.recv(1, 0, nothing)])
        : () => comm.recv(0, 0, data).then(() => comm.send(0, 0, nothing));
    }
    case "broadcast":
      return () => comm.broadcast(data);
    case "allgather": {
      const all = new Float32Array(length * size);
      return () => comm.allgather(data, all);
    }
    case "reduceScatter": {
      const counts = Array.from(
        { length: size },
        (_, r) => Math.floor((length * (r + 1)) / size) - Math.floor((length * r) / size),
      );
      const mine = new Float32Array(counts[rank]!);
      return () => comm.reduceScatter(data, "sum", counts, mine);
    }
    case "reduce":
      return () => comm.reduce(data, "sum");
    case "allreduce":
      return () => comm.allreduce(data, "sum");
  }
}

export type { Communicator, NumericArray, ReduceOp, Traffic } from "./communicator.js";
export { connect, createLocalGroup, init, selfCommunicator, type ConnectOptions } from "./connect.js";
export type { CommunicationLog } from "./log.js";
export { chunkedSum, chunkRange, treeSum, type EvaluateChunk } from "./chunked-sum.js";
export {
  BENCHMARK_OPERATIONS,
  BENCHMARK_SIZES,
  benchmarkCommunication,
  type BenchmarkOperation,
  type CommunicationBenchmarkOptions,
  type CommunicationTiming,
} from "./benchmark.js";

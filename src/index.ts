/** The public API of apts. */
export type { IterationReport, Minimum } from "./api/descent.js";
export { minimise, type MinimiseRequest, type OwnMethodMinimiseRequest } from "./api/minimise.js";
export type { PlainFunction } from "./api/plain-problem.js";
export { fit } from "./api/fit.js";
export type { ClassWeight, ClassWeights } from "./api/fit-data.js";
export type { DatasetLike, GivenStream, StreamedElement } from "./api/given-stream.js";
export type {
  FitDatasetOptions,
  FitOptions,
  OwnMethodFitDatasetOptions,
  OwnMethodFitOptions,
} from "./api/fit-options.js";
export type { FitCallback, Logs } from "./api/keras-callbacks.js";
export type { History } from "./api/history.js";
export { train, type OwnMethodRequest, type TrainRequest } from "./api/train.js";
export { init, createLocalGroup } from "./comm/index.js";
export type { Communicator, NumericArray, ReduceOp, Traffic } from "./comm/communicator.js";
export type { DataInMemory } from "./data/given-data.js";
export type { Numbers } from "./data/arrays.js";
export type { InMemoryData } from "./data/in-memory.js";
export * from "./errors.js";
export type { MethodDescription } from "./methods/description.js";
export { methods } from "./methods/registry.js";
export type { Method, State, StepReport } from "./methods/method.js";
export type { MethodContext, Problem } from "./methods/problem.js";
export { loadModel } from "./network/model-file.js";
export type { ModelRequest } from "./network/build.js";
export type { RunEvent } from "./run/events.js";
export type { EpochMetrics } from "./report/metrics.js";
export type { Summary } from "./report/summary.js";
export type { Objective } from "./trust-region/objective.js";
export type { Decomposition } from "./decomposition/decomposition.js";

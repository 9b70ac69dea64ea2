import { UsageError } from "../errors.js";

/** What other libraries call things, and what to use here. */
const INSTEAD: Readonly<Record<string, string>> = {
  x: "data: { train: { features, labels }, test }",
  y: "data: { train: { features, labels }, test }",
  features: "data: { train: { features, labels }, test }",
  labels: "data: { train: { features, labels }, test }",
  train: "data: { train: { features, labels }, test }",
  test: "data: { train, test: { features, labels } }",
  stepsPerEpoch: "batchesPerEpoch",
  validationData: "data.test",
  callbacks: "onEpoch, onEvent and signal",
  optimizer: "method",
  lr: "learningRate, where the method has one (sgd, adam, …)",
  shuffle: "fit(model, x, y, options), which has it: here mini-batches are drawn anew each epoch",
  initialEpoch: "resume, the folder of the run that is to go on",
  sampleWeight: "data: { train: { features, labels, weights }, test }",
  classWeight: "fit(model, x, y, options), which has it, or weights in data.train",
  gpus: "ranks, one for each GPU where nothing is said",
  workers: "ranks",
};

/** @throws UsageError for an option that other libraries have and this one has not, with what to use */
export function refuseForeignOptions(options: Readonly<Record<string, unknown>>): void {
  const name = Object.keys(options).find((option) => Object.hasOwn(INSTEAD, option));
  if (name === undefined) return;
  throw new UsageError(`Expected options of apts, got "${name}". Use ${INSTEAD[name]!}.`);
}

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "../helpers/built.js";
import { temporaryFolder } from "../helpers/apts.js";

const run = promisify(execFile);

/** A program of a user's: what types can tell to be wrong does not compile, all else does. */
const PROGRAM = `
import * as tf from "@tensorflow/tfjs";
import { fit, train, UsageError, type DataInMemory, type EpochMetrics, type Summary, type TrainRequest } from "apts";

const samples: DataInMemory["train"] = { features: [[1, 2], [3, 4]], labels: Int32Array.of(0, 1) };
const data: DataInMemory = { train: samples, test: { features: tf.zeros([2, 2]), labels: [[1, 0], [0, 1]] } };
const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] })] });
const losses: number[] = [];
const request: TrainRequest = {
  model, data, method: "adam", learningRate: 0.01, ranks: 2, epochs: 5, hidden: [8], decomposition: "neurons",
  hostfile: "hosts.txt", resume: undefined, maxRestarts: 1, verbose: 0,
  onEpoch: ({ loss }: EpochMetrics) => void losses.push(loss),
};
export const summary: Promise<Summary> = train(request).catch((error: unknown) => {
  if (error instanceof UsageError) return train({ data: "digits", direction: "l-sr1", fdl: false });
  throw error;
});
// @ts-expect-error epochs
void train({ epoch: 5 });
// @ts-expect-error apts
void train({ method: "abts" });
// @ts-expect-error a number
void train({ ranks: "two" });
// @ts-expect-error a name, a path or samples
void train({ data: 5 });
// @ts-expect-error features are missing
void train({ data: { train: { labels: [1] }, test: samples } });
// What is to be tested on may be held back of it.
void train({ data: { train: samples } });
// @ts-expect-error the option of no method
void train({ learningrate: 0.1 });
// @ts-expect-error the command line alone has it
void train({ dryRun: true });
void train({ batchSize: 32 });
// @ts-expect-error a number
void train({ batchSize: "32" });

const [x, y] = [tf.zeros([4, 2]), tf.zeros([4, 2])];
const stopping = tf.callbacks.earlyStopping({ monitor: "val_loss" });
const logging = { onEpochEnd: (epoch: number, logs?: tf.Logs) => void losses.push(epoch, logs?.["loss"] ?? 0) };
const dataset = tf.data.zip({ xs: tf.data.array([[1, 2]]), ys: tf.data.array([[1, 0]]) }).batch(1);
export async function fits(): Promise<number[] | undefined> {
  await fit(model, x, y, { epochs: 5, batchSize: 2, validationSplit: 0.5, callbacks: [stopping, logging], ranks: 2 });
  await fit(model, [x], { out: y }, { classWeight: { 0: 1, 1: 2 }, sampleWeight: [1, 2, 3, 4], method: "adam", verbose: 1 });
  await fit(model, [[1, 2]], Int32Array.of(1), { validationData: [x, y], shuffle: false, lossWeights: [1] });
  await fit(model, dataset, { epochs: 2, batchesPerEpoch: 3, validationData: dataset, callbacks: logging });
  await fit(model, function* () { yield { xs: x, ys: y }; }, { epochs: 2 });
  const { history, epoch, summary } = await fit(model, x, y);
  return summary ? history["loss"] : epoch;
}
// @ts-expect-error epochs
void fit(model, x, y, { epoch: 5 });
// @ts-expect-error targets are missing
void fit(model, x, { epochs: 5 });
// @ts-expect-error a dataset has none
void fit(model, dataset, { validationSplit: 0.1 });
// @ts-expect-error true or false
void fit(model, x, y, { shuffle: "batch" });
`;

it("compiles strictly for a user of the library, and finds mistakes in options", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "program.ts"), PROGRAM);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: "ES2022",
    module: "NodeNext",
    moduleResolution: "NodeNext",
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules", "@types")],
    ignoreDeprecations: "6.0",
    baseUrl: ROOT,
    paths: {
      apts: ["dist/types/module/index.d.ts"],
      "@tensorflow/tfjs": ["node_modules/@tensorflow/tfjs/dist/index.d.ts"],
    },
  };
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const result: unknown = await run(process.execPath, [tsc, "-p", folder]).catch((error: unknown) => error);
  expect(result).toEqual({ stdout: "", stderr: "" });
}, 300_000);

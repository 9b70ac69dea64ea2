import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { loadModel } from "../../src/network/model-file.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";
import { metrics, recordIn, summaryIn } from "../helpers/run-folder.js";

const SENTENCE = "the quick brown fox jumps over the lazy dog. ";
const BLOCK = 16;

it("gpt learns a text, says how sure it is of it, and writes on", { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const [file, out] = [join(folder, "text.txt"), join(folder, "run")];
  const text = SENTENCE.repeat(60);
  writeFileSync(file, text);
  const sizes = ["--block", String(BLOCK), "--layers", "1", "--heads", "2", "--width", "32"];
  const method = ["--method", "adam", "--learning-rate", "0.01", "--batches", "8", "--overlap", "0"];
  const words = ["--data", "text", "--data-dir", file, "--model", "gpt", ...sizes, ...method];
  const { code, stdout, stderr } = await runApts([
    "train",
    ...words,
    "--epochs",
    "12",
    "--ranks",
    "2",
    "--out",
    out,
  ]);
  expect(code, stderr).toBe(0);
  const { metrics: measured, testLoss, testAccuracy } = summaryIn(out);
  expect(testAccuracy).toBeGreaterThan(0.9);
  expect(measured["perplexity"]).toBeCloseTo(Math.exp(testLoss!), 4);
  expect(measured["bitsPerCharacter"]).toBeCloseTo(testLoss! / Math.LN2, 5);
  expect(metrics(out)).toHaveLength(12);
  expect(recordIn(out).losses[0]!.loss).toBe("sparseSoftmaxCrossEntropy");

  const sample = readFileSync(join(out, "sample.txt"), "utf8").trimEnd();
  expect(stdout).toContain(sample.slice(0, 40));
  expect(sample).toMatch(/quick brown|lazy dog|fox jumps/);

  // The held back end of the text, predicted by the model in plain TensorFlow.js.
  const vocabulary = [...new Set(text)].sort();
  const codes = Array.from(text, (character) => vocabulary.indexOf(character));
  const count = Math.floor((codes.length - 1) / BLOCK);
  const first = Math.floor(count * 0.9);
  const blocks = (shift: number) =>
    Array.from({ length: count - first }, (_, i) =>
      codes.slice((first + i) * BLOCK + shift, (first + i + 1) * BLOCK + shift),
    );
  const model = await loadModel(join(out, "model", "model.json"));
  const logits = model.predict(tf.tensor2d(blocks(0))) as tf.Tensor3D;
  const labels = tf.oneHot(tf.tensor2d(blocks(1), undefined, "int32"), vocabulary.length);
  const loss = tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1))).dataSync()[0]!;
  expect(testLoss).toBeCloseTo(loss, 4);
});

import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { lossFromSource, tryLoss } from "../../../src/network/goal/own-loss.js";

beforeAll(() => tf.setBackend("cpu"));

describe("a loss by its source", () => {
  const attempt = async (source: string) => {
    await tryLoss(lossFromSource(source), [3], [3]);
  };

  it.each([
    "(y, p) => tf.mean(tf.square(tf.sub(y, p)))",
    "function mine(y, p) { return tf.mean(tf.abs(tf.sub(y, p)), -1); }",
    "(y, p) => y.sub(p).square().mean(-1)",
  ])("takes %s", attempt);

  it.each<[string, RegExp]>([
    ["(y, p) => tf.mul(scale, tf.mean(tf.sub(y, p)))", /it uses "scale"\. Write the value into the function/],
    ["(y, p) => tf.argMax(p, -1).cast('float32')", /to have a derivative by the predictions/],
    ["(y, p) => 3", /to give a tensor, got a number/],
    ["(y, p) => tf.ones([5])", /got shape \[5\] for two rows/],
    ["(y, p) => tf.matMul(y, p)", /to take targets \(rows, 3\) and predictions \(rows, 3\), but it failed/],
    ["mine(y, p) { return p; }", /whose source is a function by itself/],
    ["42", /Expected the source of a function/],
  ])("refuses %s", async (source, sentence) => {
    await expect(attempt(source)).rejects.toThrow(sentence);
    await expect(attempt(source)).rejects.toThrow(UsageError);
  });

  it("leaves no tensor behind", async () => {
    const { numTensors } = tf.memory();
    await attempt("(y, p) => tf.mean(tf.square(tf.sub(y, p)))");
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { recordIn, summaryIn } from "../helpers/run-folder.js";

/** 203 million parameters. */
const LARGE = `export function createModel({ tf, sampleShape: inputShape, classes }) {
  const dense = () => tf.layers.dense({ units: 2048, activation: "relu" });
  return tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape }),
      ...Array.from({ length: 49 }, dense),
      tf.layers.dense({ units: classes }),
    ],
  });
}`;

/** Where the results of convolutions take most computations, and dense layers most parameters. */
const MODEL = `export const createModel = ({ tf, sampleShape: inputShape, classes: units }) => {
  const dense = () => tf.layers.dense({ units: 500, activation: "relu" });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape, filters: 8, kernelSize: 5, padding: "same", activation: "relu" }),
      tf.layers.conv2d({ filters: 8, kernelSize: 5, activation: "relu" }),
      tf.layers.maxPooling2d({ poolSize: 6 }),
      tf.layers.flatten(),
      dense(),
      dense(),
      dense(),
      tf.layers.dense({ units }),
    ],
  });
};`;

it("a network in stages that is resumed with other memory is cut as it was, which a new run is not", async () => {
  const folder = temporaryFolder();
  const model = writeModule(folder, MODEL);
  const problem = ["--data", "digits", "--model", model, "--method", "sgd", "--batch-size", "20"];
  const out = join(folder, "run");
  const begun = await runApts([
    "train",
    ...problem,
    ..."--train-samples 40 --test-samples 20 --threads 1 --epochs 1 --ranks 2 --stages 2 --memory 10".split(
      " ",
    ),
    ...["--out", out],
  ]);
  expect(begun.code, begun.stderr).toBe(0);
  const { cut } = recordIn(out).stages!;

  const resumed = await runApts(["train", "--resume", out, "--memory", "400", "--epochs", "2"]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(recordIn(out).options.memory).toBe(400);
  expect(recordIn(out).stages!.cut).toEqual(cut);
  expect(summaryIn(out).epochs).toBe(2);

  const { stdout } = await runApts(["info", ...problem, "--stages", "2", "--memory", "400"]);
  expect(stdout).toMatch(/stage 1 .* to \w+ \(/);
  expect(stdout).not.toContain(` to ${cut[0]!} (`);
});

describe.skipIf(freemem() < 8 * 2 ** 30)(
  "a module's network of 203 M parameters (needs 8 GB of memory)",
  () => {
    const options =
      "--data digits --train-samples 24 --test-samples 8 --threads 1 --method sgd --momentum 0 --batch-size 8 --epochs 1 --checkpoint-every 2 --memory 1024";
    const train = async (ranks: number) => {
      const folder = temporaryFolder();
      const out = join(folder, "run");
      const args = `train ${options} --ranks ${ranks} --stages ${ranks} --model ${writeModule(folder, LARGE)} --out ${out}`;
      return { out, ...(await runApts(args.split(" "))) };
    };

    it("takes three steps on four ranks of 1024 MB each, which hold a stage alone", async () => {
      const { out, code, stderr } = await train(4);
      expect(code, stderr).toBe(0);
      const { parameters, stages } = summaryIn(out);
      expect(parameters).toBeGreaterThan(200e6);
      // The process itself takes some 150 MB, and a vector of the stage may wait to be collected; the whole network takes 800.
      expect(Math.max(...stages!.peakMemory)).toBeLessThan(1.5e9);
    });

    it("is refused whole, with what it takes", async () => {
      const { out, code, stderr } = await train(1);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(
        /to take 1024 MB of a rank at most, .* take \d+ MB\. Give --stages \d, or allow more with/,
      );
      expect(existsSync(join(out, "config.json"))).toBe(false);
    });
  },
);

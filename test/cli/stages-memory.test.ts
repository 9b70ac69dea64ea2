import { join } from "node:path";
import { expect, it } from "vitest";
import { runApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { recordIn, summaryIn } from "../helpers/run-folder.js";

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

import { join } from "node:path";
import { expect, it } from "vitest";
import { runApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { accuracyOf } from "../helpers/run/accuracy.js";
import { recordIn, summaryIn } from "../helpers/run-folder.js";

const PROBLEM = "--data digits --train-samples 600 --test-samples 200 --threads 1";

async function trained(options: string): Promise<{ out: string; stdout: string; stderr: string }> {
  const out = join(temporaryFolder(), "run");
  const { code, stdout, stderr } = await runApts(`train ${PROBLEM} ${options} --out ${out}`.split(" "));
  expect(code, stderr).toBe(0);
  return { out, stdout, stderr };
}

const IN_TWO = "--method adam --batch-size 100 --stages 2 --ranks 2";

it("a module's network with batch normalisation is trained in stages behind layers that standardise, and says over what it normalises", async () => {
  const model = writeModule(
    temporaryFolder(),
    `export function createModel({ tf, seed, sampleShape, classes }) {
       const kernelInitializer = () => tf.initializers.glorotUniform({ seed: ++seed });
       return tf.sequential({ layers: [
         tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", inputShape: sampleShape, kernelInitializer: kernelInitializer() }),
         tf.layers.batchNormalization(), tf.layers.reLU(), tf.layers.flatten(),
         tf.layers.dense({ units: 24, kernelInitializer: kernelInitializer() }),
         tf.layers.batchNormalization(), tf.layers.reLU(),
         tf.layers.dense({ units: classes, kernelInitializer: kernelInitializer() }) ] });
     }`,
  );
  const { out, stderr } = await trained(`${IN_TWO} --model ${model} --epochs 6`);
  expect(stderr.replaceAll(/\s+/g, " ")).toMatch(
    /Batch normalisation takes its statistics over micro-batches, of at most 100 samples\./,
  );
  expect(recordIn(out).inputs.by).toMatch(/layers in front/);
  const { testAccuracy } = summaryIn(out);
  expect(testAccuracy).toBeGreaterThan(0.3);
  expect(await accuracyOf(join(out, "model"))).toBeCloseTo(testAccuracy!, 6);
});

it("a model.json goes on in stages from its weights, and TensorFlow.js finds the accuracy that is reported", async () => {
  const first = await trained("--method adam --batch-size 100 --ranks 1 --hidden 24,16 --epochs 4");
  const model = join(first.out, "model", "model.json");
  const { out } = await trained(`${IN_TWO} --model ${model} --epochs 4 --learning-rate 1e-4`);
  const [before, after] = [summaryIn(first.out), summaryIn(out)];
  expect(after.testLoss).toBeLessThan(before.testLoss! + 0.1);
  expect(await accuracyOf(join(out, "model"))).toBeCloseTo(after.testAccuracy!, 6);
});

it("tells what each stage took, how long they wait for each other, and is cut as apts info shows", async () => {
  const { out, stdout } = await trained(`${IN_TWO} --hidden 24,16 --epochs 1`);
  const { counted, peakMemory, bubble } = summaryIn(out).stages!;
  expect(counted).toEqual(recordIn(out).stages!.bytes);
  peakMemory.forEach((bytes, stage) => {
    expect(bytes).toBeGreaterThan(counted[stage]!);
  });
  expect(bubble.formula).toBe(1 / 5); // of 4 micro-batches
  expect(bubble.measured).toBeGreaterThan(0);
  expect(bubble.measured).toBeLessThan(1);
  expect(stdout).toMatch(/bubble .* of a pass \(stages that take the same time: 20\.00 %\)/);

  const info = `info ${PROBLEM.replace("--test-samples 200 ", "")} --method adam --batch-size 100 --stages 2 --hidden 24,16`;
  const shown = await runApts(info.split(" "));
  expect(shown.code, shown.stderr).toBe(0);
  const { plan, microBatchRows } = recordIn(out).stages!;
  expect(shown.stdout).toContain(`2, in micro-batches of at most ${microBatchRows} samples`);
  for (const [i, { layers }] of plan.stages.entries())
    expect(shown.stdout).toMatch(
      new RegExp(`^stage ${i + 1} +${layers[0]!}.* \\(${layers.length}\\): [\\d,]+ parameters`, "m"),
    );
});

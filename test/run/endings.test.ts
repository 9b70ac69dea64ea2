import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { labelled } from "../../src/data/dataset.js";
import { writeDataset } from "../../src/data/dataset-file.js";
import { methods } from "../../src/methods/registry.js";
import { DivergedError } from "../../src/run/divergence.js";
import { runApts, SMALL, temporaryFolder, writeModule } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";
import { metrics, summaryIn, weights } from "../helpers/run-folder.js";

/** A step of this length overshoots whatever there is, and no shorter one is tried. */
const tooLong = { method: "tr", radius: 100, minRadius: 100, maxRadius: 100, maxTrials: 1 };

describe("a run on the full batch", () => {
  it.each(methods.map(({ name }) => name))("of %s ends converged within its tolerance", async (method) => {
    const out = join(temporaryFolder(), "run");
    const { summary, events } = await run(out, { method, batches: 1, tolerance: 100, epochs: 3 });
    expect(summary).toMatchObject({ ended: "converged", epochs: 1 });
    expect(summaryIn(out).ended).toBe("converged");
    expect(events.at(-1)).toMatchObject({ type: "done", summary: { ended: "converged" } });
  });

  it("goes on from where it converged under a smaller tolerance, to the bit", async () => {
    const folder = temporaryFolder();
    const [parts, whole] = [join(folder, "parts"), join(folder, "whole")];
    const { summary } = await run(parts, { method: "apts", tolerance: 0.02, epochs: 200 });
    expect(summary.ended).toBe("converged");
    const { epochs } = summary; // the last of which made no step
    expect(epochs).toBeGreaterThan(3);
    const again = await run(parts, { method: "apts", tolerance: 0.02, epochs: 200 }, { beginning: "resume" });
    expect(again.events).toContainEqual(expect.objectContaining({ type: "resume", finished: "converged" }));
    expect(again.summary).toMatchObject({ ended: "converged", epochs });
    const further = await run(
      parts,
      { method: "apts", tolerance: 0, epochs: epochs + 5 },
      { beginning: "resume" },
    );
    expect(further.summary).toMatchObject({ ended: "epochs", epochs: epochs + 5 });
    await run(whole, { method: "apts", tolerance: 0, epochs: epochs + 4 });
    expect(weights(parts).equals(weights(whole))).toBe(true);
  });

  it("ends stalled after five iterations that accept nothing, stopped and resumed or not", async () => {
    const out = join(temporaryFolder(), "run");
    const { summary } = await run(out, { ...tooLong, epochs: 100 });
    expect(summary).toMatchObject({ ended: "stalled", epochs: 5 });
    expect(metrics(out).map(({ accepted }) => accepted)).toEqual([0, 0, 0, 0, 0]);
    const parts = join(temporaryFolder(), "parts");
    await run(parts, { ...tooLong, epochs: 3 });
    const resumed = await run(parts, { ...tooLong, epochs: 100 }, { beginning: "resume" });
    expect(resumed.summary).toMatchObject({ ended: "stalled", epochs: 5 });
  });
});

/** A module whose model's first kernel holds NaN in `share` of its entries. */
function modelOf(share: number, folder: string): string {
  return writeModule(
    folder,
    `export function createModel({ tf, sampleShape, classes }) {
      const model = tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: sampleShape }),
        tf.layers.dense({ units: 4, name: "hidden" }),
        tf.layers.dense({ units: classes }),
      ] });
      const [kernel, ...others] = model.getWeights();
      const values = kernel.dataSync().map((value, i) => (i < ${share} * kernel.size ? NaN : value));
      model.setWeights([tf.tensor(values, kernel.shape), ...others]);
      return model;
    }`,
  );
}

describe("a run that does not deal in numbers", () => {
  it.each(["apts", "tr", "sapts", "adam", "lbfgs", "soaa"])(
    "fails with %s from weights that are NaN",
    async (method) => {
      const out = join(temporaryFolder(), "run");
      const failed = run(out, { method, model: modelOf(0.5, temporaryFolder()), epochs: 3 });
      await expect(failed).rejects.toThrow(DivergedError);
      await expect(failed).rejects.toThrow(
        /^Expected a finite loss at the weights the run starts from, got NaN .* epoch 1: 1,568 of 3,190 parameters are not finite, the first in hidden\/kernel.* Initialise or load the model anew\.$/,
      );
      expect(existsSync(join(out, "summary.json"))).toBe(false);
      expect(existsSync(join(out, "metrics.jsonl"))).toBe(false);
    },
  );

  it.each([
    { batches: 1, learningRate: 1e25 },
    { batches: 3, learningRate: 1e30 },
  ])("fails where sgd diverges (%o), within the first epoch", async (options) => {
    const out = join(temporaryFolder(), "run");
    const failed = run(out, { ...options, method: "sgd", epochs: 20 });
    await expect(failed).rejects.toThrow(
      /^The training diverged: expected a finite loss .* A smaller --learning-rate than 1e\+(25|30) may help\./,
    );
    expect(existsSync(join(out, "metrics.jsonl"))).toBe(false);
  });

  it("keeps the last checkpoint from before it diverged, which makes a model", async () => {
    const out = join(temporaryFolder(), "run");
    // θ grows a hundredfold an epoch.
    const growing = { method: "sgd", batches: 1, learningRate: 1, momentum: 0, weightDecay: 100 };
    await expect(run(out, { ...growing, epochs: 50 })).rejects.toThrow(/^The training diverged/);
    const lines = metrics(out);
    expect(lines.length).toBeGreaterThan(3);
    for (const { loss, testLoss } of lines) expect(Number.isFinite(loss + testLoss!)).toBe(true);
    expect(readdirSync(join(out, "checkpoints"))).toContain(`epoch-${lines.length}.ckpt`);
    const { summary } = await run(out, { ...growing, epochs: lines.length }, { beginning: "resume" });
    expect(summary.ended).toBe("epochs");
    const bytes = weights(out);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it("says so of test samples that are no numbers", async () => {
    const folder = temporaryFolder();
    const dataFiles = { train: join(folder, "train"), test: join(folder, "test") };
    const one = { sampleShape: [28, 28, 1], classes: 2, labels: Int32Array.of(0, 1) };
    const features = Float32Array.from({ length: 2 * 784 }, (_, i) => Math.sin(i));
    await writeDataset(dataFiles.train, labelled({ ...one, features }));
    await writeDataset(dataFiles.test, labelled({ ...one, features: features.map(() => NaN) }));
    const failed = run(join(folder, "run"), { epochs: 3, overlap: 0 }, { handedOver: { data: dataFiles } });
    await expect(failed).rejects.toThrow(
      /expected a finite loss on the test set after epoch 1, got NaN: all parameters are finite, the largest [\d.]+\. Look for samples/,
    );
  });
});

describe("apts train", () => {
  it("says in one sentence why weights that are NaN cannot be trained, and ends with 1", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "run");
    const model = modelOf(1, folder);
    const { code, stderr } = await runApts([
      "train",
      ...SMALL,
      "--model",
      model,
      "--ranks",
      "2",
      "--out",
      out,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Rank \d .*failed: DivergedError: Expected a finite loss at the weights the run starts from, got NaN/,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(out, "summary.json"))).toBe(false);
  });

  it("refuses radii that do not fit together before anything starts, and ends with 2", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr } = await runApts(["train", ...SMALL, "--radius", "0.5", "--out", out]);
    expect(stderr).toMatch(/^apts: Expected --radius to lie between .* \(0\.1\), got 0\.5\.\n$/);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it("says that a run has stalled, and ends with 0", async () => {
    const out = join(temporaryFolder(), "run");
    const radii = ["--radius", "100", "--min-radius", "100", "--max-radius", "100", "--max-trials", "1"];
    const { code, stdout } = await runApts([
      "train",
      ...SMALL,
      "--method",
      "tr",
      ...radii,
      "--ranks",
      "1",
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("stalled");
    expect(summaryIn(out)).toMatchObject({ ended: "stalled", epochs: 5 });
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { writeModule } from "../helpers/apts.js";
import { run, warnings, type Ran } from "../helpers/run/run.js";

const folder = mkdtempSync(join(tmpdir(), "apts-shared-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
let count = 0;

/** The same run on so many ranks, each in this process; what rank 0 tells. */
async function onRanks(size: number, values: Record<string, unknown>): Promise<Ran & { weights: Buffer }> {
  const out = join(folder, `run-${count++}`);
  const [first] = await Promise.all(createLocalGroup(size).map((comm) => run(out, values, { comm })));
  return { ...first!, weights: readFileSync(join(out, "model", "weights.bin")) };
}

const small = { trainSamples: 256, batchSize: 128, method: "adam", epochs: 1 };
const cnn = { ...small, model: "cnn" };

describe("mini-batches of networks that take long", () => {
  it("are shared by the ranks, with the same bits on any number of them", async () => {
    const alone = await onRanks(1, cnn);
    const together = await onRanks(3, cnn);
    expect(together.weights.equals(alone.weights)).toBe(true);
    const sent = ({ summary }: Ran): number => summary.bytesSent;
    expect(sent(alone)).toBe(0);
    expect(sent(together)).toBeGreaterThan(2 * 2 * alone.weights.length); // two steps, there and back
  });

  it("are not, where they take less than messages do", async () => {
    const { summary, weights } = await onRanks(2, small);
    expect(summary.bytesSent).toBeLessThan(weights.length);
  });
});

describe("groups of batch normalisation that are fewer than ranks", () => {
  const module = writeModule(
    folder,
    `export function createModel({ tf, sampleShape, classes }) {
       return tf.sequential({ layers: [ tf.layers.flatten({ inputShape: sampleShape }), tf.layers.dense({ units: 8 }),
         tf.layers.batchNormalization(), tf.layers.reLU(), tf.layers.dense({ units: classes }) ] });
     }`,
  );
  const model = { ...small, trainSamples: 60, batchSize: 30, model: module };

  it("are said, with the size that shares them", async () => {
    const said = warnings(await onRanks(3, model)).filter((text) => text.includes("Batch normalisation"));
    expect(said).toEqual([
      "Batch normalisation takes its statistics over at most 256 samples, which are one rank's: of 30 only 1 of 3 ranks have any to evaluate. Give --ghost-batch 10 to share them.",
    ]);
    expect(warnings(await onRanks(3, { ...model, ghostBatch: 10 })).join()).not.toContain(
      "Batch normalisation",
    );
  });
});

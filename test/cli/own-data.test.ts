import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import type * as Api from "../../src/index.js";
import { Random } from "../../src/random.js";
import type { RunRecord } from "../../src/run/folder/record.js";
import type { EpochMetrics } from "../../src/report/metrics.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";
import { npyOf } from "../helpers/data/npy.js";
import { importBuilt } from "../helpers/launcher/launcher.js";

const { train } = (await importBuilt("src/index.ts")) as typeof Api;

const SHORT = ["--ranks", "2", "--epochs", "4", "--hidden", "8", "--local-steps", "1"];

/** Two clouds of points, in rows of numbers and a name. */
function clouds(): string {
  const random = new Random(7);
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [x, y] = [random.normal(i < 60 ? -2 : 2, 0.5), random.normal(0, 1)];
    return `${x},${y},${i < 60 ? "left" : "right"}`;
  });
  return `x,y,side\n${rows.join("\n")}\n`;
}

function metricsOf(out: string): EpochMetrics[] {
  const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as EpochMetrics);
}

function recordOf(out: string): RunRecord {
  return JSON.parse(readFileSync(join(out, "config.json"), "utf8")) as RunRecord;
}

async function run(folder: string, args: readonly string[]): Promise<EpochMetrics[]> {
  const out = join(folder, "run");
  const { code, stderr } = await runApts(["train", ...SHORT, "--out", out, ...args], { cwd: folder });
  expect(stderr).toMatch(/epoch 4\/4/);
  expect(code).toBe(0);
  return metricsOf(out);
}

describe("apts train --data", () => {
  it("learns the classes of a CSV file, which a resumed run finds elsewhere", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "clouds.csv"), clouds());
    const epochs = await run(folder, ["--data", "clouds.csv", "--validation-split", "0.25"]);
    expect(epochs.at(-1)!.testAccuracy).toBeGreaterThan(0.9);
    const { samples, options } = recordOf(join(folder, "run"));
    expect(options.data).toBe(join(folder, "clouds.csv"));
    expect(samples.train).toMatchObject({ count: 90, targets: [{ names: ["left", "right"] }] });
    expect(samples.test!.count).toBe(30);
    mkdirSync(join(folder, "moved"));
    writeFileSync(join(folder, "moved", "clouds.csv"), clouds());
    const resume = ["train", "--resume", "run", "--epochs", "5", "--data", join("moved", "clouds.csv")];
    expect((await runApts(resume, { cwd: folder })).stderr).toMatch(/epoch 5\/5/);
    writeFileSync(join(folder, "moved", "clouds.csv"), clouds().replace("left", "right"));
    const { code, stderr } = await runApts([...resume.slice(0, 4), "6", ...resume.slice(5)], { cwd: folder });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/other (training|test) data/)]);
  });

  it("predicts numbers of a CSV file", async () => {
    const folder = temporaryFolder();
    const random = new Random(3);
    const rows = Array.from({ length: 200 }, () => {
      const [a, b] = [random.normal(3, 2), random.normal(0, 1)];
      return [a, 0.5 * a - b + 0.01 * random.normal(0, 1), b].join(";");
    });
    writeFileSync(join(folder, "table.csv"), `a;price;b\n${rows.join("\n")}\n`);
    const epochs = await run(folder, ["--data", "table.csv", "--label", "price"]);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
    expect(epochs[0]!.testLoss).toBeNull();
    expect(recordOf(join(folder, "run")).losses[0]!.loss).toBe("meanSquaredError");
  });

  it("reads arrays of a .npz, and .npy files with targets of two numbers, to the same bits on 1 and 2 ranks", async () => {
    const folder = temporaryFolder();
    const random = new Random(5);
    const x = Float32Array.from({ length: 300 }, () => random.normal(0, 1));
    const y = BigInt64Array.from({ length: 100 }, (_, i) => (x[3 * i]! > 0 ? 1n : 0n));
    const members = { "x_train.npy": npyOf("<f4", [100, 3], x), "y_train.npy": npyOf("<i8", [100], y) };
    const test = {
      "x_test.npy": npyOf("<f4", [20, 3], x.slice(0, 60)),
      "y_test.npy": npyOf("<i8", [20], y.slice(0, 20)),
    };
    writeFileSync(join(folder, "data.npz"), zipSync({ ...members, ...test }));
    const epochs = await run(folder, ["--data", "data.npz"]);
    expect(epochs.at(-1)!.testAccuracy).toBeGreaterThan(0.5);

    writeFileSync(join(folder, "x.npy"), members["x_train.npy"]);
    const targets = Float64Array.from({ length: 200 }, (_, i) => x[3 * Math.floor(i / 2) + (i % 2)]! / 2);
    writeFileSync(join(folder, "y.npy"), npyOf("<f8", [100, 2], targets));
    const losses: number[][] = [];
    for (const ranks of ["1", "2"]) {
      const out = join(folder, `ranks-${ranks}`);
      const args = [
        "--data",
        "x.npy",
        "--label",
        "y.npy",
        "--subdomains",
        "2",
        "--ranks",
        ranks,
        "--out",
        out,
      ];
      const { stderr } = await runApts(["train", ...SHORT, ...args], { cwd: folder });
      expect(stderr).toMatch(/epoch 4\/4/);
      losses.push(metricsOf(out).map(({ loss }) => loss));
    }
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[0]!.at(-1)).toBeLessThan(losses[0]![0]!);
  });

  it("reads a folder of images, resized, from a program, too", async () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 40; i++) {
      const side = 6 + (i % 3);
      const image = new PNG({ height: side, width: side });
      image.data = Buffer.from(
        Array.from({ length: 4 * side * side }, (_, j) =>
          j % 4 === 3 ? 255 : (i < 20 ? 40 : 200) + (j % 7),
        ),
      );
      const path = join(folder, "pictures", i < 20 ? "dark" : "light", `${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, PNG.sync.write(image));
    }
    const args = ["--data", "pictures", "--image-size", "6,6", "--validation-split", "0.2"];
    expect((await run(folder, args)).at(-1)!.testAccuracy).toBeGreaterThan(0.6);
    const summary = await train({
      data: join(folder, "pictures"),
      imageSize: [6, 6],
      model: "cnn",
      channels: [2],
      hidden: [4],
      epochs: 1,
      ranks: 1,
      out: join(folder, "by-program"),
    });
    expect(summary).toMatchObject({ data: "pictures", epochs: 1, testAccuracy: null });
  });

  it("takes the blocks of a text", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "text.txt"), "to be or not to be, that is the question.\n".repeat(40));
    writeFileSync(
      join(folder, "model.mjs"),
      `export const createModel = ({ tf, targets: [{ classes }], sampleShape: [block] }) => tf.sequential({ layers: [
         tf.layers.embedding({ inputDim: classes, outputDim: 6, inputLength: block }),
         tf.layers.dense({ units: classes }),
       ] });`,
    );
    const text = ["--data", "text", "--data-dir", "text.txt", "--block", "16", "--model", "model.mjs"];
    const epochs = await run(folder, text);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
    const { samples } = recordOf(join(folder, "run"));
    expect([samples.train.count, samples.test!.count]).toEqual([93, 11]);
    const vocabulary = JSON.parse(readFileSync(join(folder, "run", "vocabulary.json"), "utf8")) as unknown;
    expect(vocabulary).toEqual(["\n", " ", ",", ".", ..."a b e h i n o q r s t u".split(" ")]);
  });

  it("is one sentence where the data cannot be, before any rank starts", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "bad.csv"), "a,b\n1,2\n3\n");
    const { code, stderr } = await runApts(["train", "--data", "bad.csv"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toBe(
      `apts: Expected 2 cells in ${join(folder, "bad.csv")}, row 3, as in the first row, got 1.\n`,
    );
    writeFileSync(
      join(folder, "train.mjs"),
      `export const createData = () => ({ train: { features: ${JSON.stringify(Array.from({ length: 40 }, (_, i) => [i]))}, labels: ${JSON.stringify(Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1)))} } });`,
    );
    const split = await runApts(
      ["train", "--data", "train.mjs", "--ranks", "1", "--validation-split", "0.5"],
      { cwd: folder },
    );
    expect([split.code, split.stderr]).toEqual([
      2,
      expect.stringMatching(/got all 20 of class 1 of train\.mjs among those held back/),
    ]);
  });

  it("is one sentence where a module's data never come", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "never.mjs"), "export const createData = () => new Promise(() => {});");
    const { code, stderr } = await runApts(["train", "--data", "never.mjs", "--ranks", "1"], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/waits for a promise that nothing will settle/);
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { readArena } from "../../src/arena/file.js";
import { planTrials } from "../../src/arena/plan.js";
import { readSweep } from "../../src/sweep/file.js";
import { planRuns } from "../../src/sweep/plan.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";
import { cifarRecord, idxBytes } from "../helpers/data/files.js";

const folder = join(ROOT, "experiments");
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

/** Files of the names that the experiments read, blank and as small as they let them be. */
function writeData(to: string): void {
  mkdirSync(join(to, "mnist"), { recursive: true });
  mkdirSync(join(to, "cifar10"));
  const digits = (file: string, count: number) => {
    const labels = Array.from({ length: count }, (_, i) => i % 10);
    writeFileSync(join(to, "mnist", `${file}-labels-idx1-ubyte`), idxBytes([count], labels));
    const pixels = new Uint8Array(count * 784);
    writeFileSync(join(to, "mnist", `${file}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels));
  };
  digits("train", 10_000);
  digits("t10k", 2000);
  const photographs = (file: string, count: number) => {
    const records = Array.from({ length: 10 }, (_, label) => cifarRecord(label, () => label));
    writeFileSync(
      join(to, "cifar10", file),
      Buffer.concat(Array.from({ length: count / 10 }, () => records).flat()),
    );
  };
  photographs("data_batch_1.bin", 10_000);
  photographs("test_batch.bin", 2000);
  writeFileSync(
    join(to, "tinyshakespeare.txt"),
    "To be, or not to be, that is the question.\n".repeat(26_000),
  );
}

describe("the papers' experiments", () => {
  let data: string;
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), "apts-test-"));
    writeData(data);
    vi.stubEnv("APTS_DATA_DIR", data);
    return () => {
      vi.unstubAllEnvs();
      rmSync(data, { recursive: true });
    };
  });

  it.each(files)("%s plans", { timeout: 300_000 }, async (name) => {
    const text = textOf(name).replace(
      "dataDir: tinyshakespeare.txt",
      `dataDir: ${join(data, "tinyshakespeare.txt")}`,
    );
    const file = join(temporaryFolder(), name);
    writeFileSync(file, text);
    const planned = text.includes("\nworkloads:")
      ? await planTrials(readArena(file))
      : await planRuns(readSweep(file), file);
    const said = /(\d+) runs/.exec(text);
    expect(planned.length).toBe(Number(said?.[1]));
  });

  it.each(files)("%s says how it is run, or of which it is the full size", (name) => {
    const command = `npx apts ${textOf(name).includes("\nworkloads:") ? "compare" : "sweep"} experiments/${name}`;
    const small = name.replace("-full.yaml", ".yaml");
    if (name === small) expect(textOf(name)).toContain(command);
    else expect(files.includes(small) && textOf(name).startsWith(`# ${small}`)).toBe(true);
  });

  it("mnist-five-seeds.yaml, on a few digits, ends with its picture", { timeout: 300_000 }, async () => {
    const text = textOf("mnist-five-seeds.yaml");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
    const place = temporaryFolder();
    const file = join(place, "mnist-five-seeds.yaml");
    const few = text
      .replace("data: mnist", "data: digits, trainSamples: 200, testSamples: 50, hidden: [4]")
      .replace("epochs: 50", "epochs: 2")
      .replace("[0, 1, 2, 3, 4]", "[0, 1]");
    writeFileSync(file, few);
    const { code } = await runApts(["sweep", file, "--out", join(place, "out")]);
    expect(code).toBe(0);
    const picture = readFileSync(join(place, "out", "curves.svg"), "utf8");
    for (const word of [
      "apts",
      "sgd",
      "adam",
      "lbfgs",
      "Epoch",
      "Training time in seconds",
      "quartiles of 2 runs",
    ])
      expect(picture).toContain(word);
  });
});

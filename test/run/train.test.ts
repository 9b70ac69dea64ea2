import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { labelled } from "../../src/data/dataset.js";
import { writeDataset } from "../../src/data/dataset-file.js";
import type { RunEvent } from "../../src/run/events.js";
import { temporaryFolder, writeModule } from "../helpers/apts.js";
import { fill, smallDisk } from "../helpers/run/small-disk.js";
import { run, warnings } from "../helpers/run/run.js";
import { metrics, recordIn, weights } from "../helpers/run-folder.js";

/** Aborts a run after its n-th epoch. */
function stopAfter(epoch: number): { stop: AbortSignal; observe: (event: RunEvent) => void } {
  const stop = new AbortController();
  const observe = (event: RunEvent): void => {
    if (event.type === "epoch" && event.metrics.epoch === epoch) stop.abort();
  };
  return { stop: stop.signal, observe };
}

const sapts = { method: "sapts", batches: 4, epochs: 4 };

describe("a run that is resumed", () => {
  it("ends as if it had not stopped, within an epoch, twice", async () => {
    const folder = temporaryFolder();
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    await run(whole, sapts);
    // The signal is seen after the first step of the next epoch.
    const first = await run(parts, sapts, stopAfter(1));
    expect(first.summary).toMatchObject({ ended: "stopped", epochs: 2 });
    expect(metrics(parts).map(({ epoch, steps }) => [epoch, steps])).toEqual([[1, 4], [2, 1]]); // prettier-ignore
    const second = await run(parts, sapts, { beginning: "resume", ...stopAfter(2) });
    expect(second.events).toContainEqual(
      expect.objectContaining({ type: "resume", from: { epochs: 1, batches: 1 }, finished: undefined }),
    );
    const third = await run(parts, sapts, { beginning: "resume" });
    expect(third.summary.ended).toBe("epochs");
    expect(weights(parts).equals(weights(whole))).toBe(true);
    expect(metrics(parts)).toEqual(metrics(whole));
    const record = recordIn(parts);
    expect(record.resumed?.map(({ from }) => from)).toEqual([
      { epochs: 1, batches: 1 },
      { epochs: 2, batches: 1 },
    ]);
  });

  it("keeps its batch normalisation", async () => {
    const model = writeModule(
      temporaryFolder(),
      `export const createModel = ({ tf, sampleShape, classes }) => tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: sampleShape }),
        tf.layers.dense({ units: 6, kernelInitializer: tf.initializers.glorotNormal({ seed: 7 }) }),
        tf.layers.batchNormalization(),
        tf.layers.dense({ units: classes, kernelInitializer: tf.initializers.glorotNormal({ seed: 7 }) }),
      ] });`,
    );
    const folder = temporaryFolder();
    const options = { model, method: "adam", batches: 3, epochs: 3 };
    await run(join(folder, "whole"), options);
    await run(join(folder, "parts"), options, stopAfter(1));
    await run(join(folder, "parts"), options, { beginning: "resume" });
    expect(weights(join(folder, "parts")).equals(weights(join(folder, "whole")))).toBe(true);
    expect(metrics(join(folder, "parts"))).toEqual(metrics(join(folder, "whole")));
  });

  it("that is finished says so and changes nothing, until it is given more epochs", async () => {
    const folder = temporaryFolder();
    const [out, longer] = [join(folder, "run"), join(folder, "longer")];
    await run(out, { epochs: 2 });
    const before = weights(out);
    const again = await run(out, { epochs: 2 }, { beginning: "resume" });
    expect(again.events).toContainEqual(
      expect.objectContaining({ type: "resume", from: { epochs: 2, batches: 0 }, finished: "epochs" }),
    );
    expect(again.summary).toMatchObject({ ended: "epochs", epochs: 2 });
    expect(weights(out).equals(before)).toBe(true);
    await run(out, { epochs: 4 }, { beginning: "resume" });
    await run(longer, { epochs: 4 });
    expect(weights(out).equals(weights(longer))).toBe(true);
    expect(metrics(out)).toEqual(metrics(longer));
  });

  it("uses the checkpoint before a torn one, and says so", async () => {
    const folder = temporaryFolder();
    const [whole, torn] = [join(folder, "whole"), join(folder, "torn")];
    await run(whole, { epochs: 3 });
    cpSync(whole, torn, { recursive: true });
    truncateSync(join(torn, "checkpoints", "epoch-3.ckpt"), 500);
    const resumed = await run(torn, { epochs: 3 }, { beginning: "resume" });
    expect(warnings(resumed)).toEqual([
      expect.stringMatching(
        /Expected a checkpoint in .*epoch-3\.ckpt, but .*The one before is used\./,
      ) as string,
    ]);
    expect(weights(torn).equals(weights(whole))).toBe(true);
    for (const name of readdirSync(join(torn, "checkpoints"))) {
      truncateSync(join(torn, "checkpoints", name), 44);
    }
    await expect(run(torn, { epochs: 3 }, { beginning: "resume or new" })).rejects.toThrow(
      /Expected a checkpoint that is whole in .*checkpoints, found none\. .*epoch-3.*epoch-2.*epoch-1/,
    );
  });

  it("says when other software may change its last bits", async () => {
    const out = join(temporaryFolder(), "run");
    await run(out, { epochs: 1 });
    const resumed = await run(out, { epochs: 2, backend: "cpu" }, { beginning: "resume" });
    expect(warnings(resumed)).toEqual([expect.stringMatching(/last bits.*wasm.*cpu/) as string]);
  });
});

describe("what does not fit is refused, and nothing is touched:", () => {
  const refused = async (
    values: Record<string, unknown>,
    message: RegExp,
    change: (out: string) => void = () => undefined,
  ): Promise<void> => {
    const out = join(temporaryFolder(), "run");
    await run(out, { epochs: 2 });
    change(out);
    const before = readdirSync(out, { recursive: true }).sort();
    const record = readFileSync(join(out, "config.json"), "utf8");
    await expect(run(out, { epochs: 2, ...values }, { beginning: "resume" })).rejects.toThrow(message);
    expect(readdirSync(out, { recursive: true }).sort()).toEqual(before);
    expect(readFileSync(join(out, "config.json"), "utf8")).toBe(record);
  };

  it("another seed and another option of the method", () =>
    refused(
      { seed: 1, localSteps: 3 },
      /Expected the problem and the method that the run in .* began with, got --seed 1 instead of 0, --local-steps 3 instead of 1\./,
    ));
  it("another method", () =>
    refused(
      { method: "tr", batchSize: 128 },
      /got --method tr instead of sapts, --subdomains 1 instead of 2\. Leave/,
    ));
  it("a smaller model", () =>
    refused({ hidden: [4] }, /--hidden 4 instead of 8, a model of \d+ instead of \d+ parameters/));
  it("fewer samples", () =>
    refused({ trainSamples: 299 }, /--train-samples 299 instead of 300, other training data/));
  it("other samples, however they are called", async () => {
    const out = join(temporaryFolder(), "run");
    const samples = (label: number) => ({
      features: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
      labels: Int32Array.from({ length: 10 }, (_, i) => (i === 9 ? label : i % 2)),
      sampleShape: [2, 2],
      classes: 2,
    });
    const write = async (name: string, label: number) => {
      const path = join(temporaryFolder(), name);
      await writeDataset(path, labelled(samples(label)));
      return path;
    };
    const [ones, zeros] = [await write("train", 1), await write("train", 0)];
    await run(out, { epochs: 1 }, { handedOver: { data: { train: ones, test: ones } } });
    const resume = { beginning: "resume", handedOver: { data: { train: zeros, test: ones } } } as const;
    await expect(run(out, { epochs: 2 }, resume)).rejects.toThrow(/, got other training data\./);
    await run(out, { epochs: 2 }, { ...resume, handedOver: { data: { train: ones, test: ones } } });
  });
  it("fewer epochs than are done", () =>
    refused({ epochs: 1 }, /Expected --epochs to be at least 2, as far as the run in .* has come, got 1\./));
  it("a folder without checkpoints", () =>
    refused({}, /Expected a checkpoint in .*checkpoints to resume from, found none\./, (out) => {
      rmSync(join(out, "checkpoints"), { recursive: true });
    }));
});

describe("a run that begins or goes on", () => {
  it.each(["resume", "resume or new"] as const)(
    "begins anew (%s) where it was killed before any checkpoint",
    async (beginning) => {
      const [whole, killed] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "killed")];
      await run(whole, { epochs: 1 });
      mkdirSync(killed);
      copyFileSync(join(whole, "config.json"), join(killed, "config.json"));
      const begun = await run(killed, { epochs: 1 }, { beginning });
      expect(warnings(begun)).toEqual([
        expect.stringMatching(/no checkpoint in .* yet: the run begins anew/) as string,
      ]);
      expect(weights(killed).equals(weights(whole))).toBe(true);
    },
  );

  it("takes a folder that a run left which was killed at once", async () => {
    const out = temporaryFolder();
    for (const name of ["model", "logs", "checkpoints"]) mkdirSync(join(out, name));
    writeFileSync(join(out, "config.json.123.tmp"), "{");
    expect((await run(out, { epochs: 1 })).summary.epochs).toBe(1);
  });

  it("begins in a new folder and in one without checkpoints, and goes on in another", async () => {
    const out = join(temporaryFolder(), "run");
    const go = { beginning: "resume or new" } as const;
    expect((await run(out, { epochs: 1 }, go)).events.map(({ type }) => type)).not.toContain("resume");
    rmSync(join(out, "checkpoints"), { recursive: true });
    expect((await run(out, { epochs: 1 }, go)).events.map(({ type }) => type)).not.toContain("resume");
    expect((await run(out, { epochs: 2 }, go)).events.map(({ type }) => type)).toContain("resume");
  });

  it("does not begin among other files", async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, "thesis.tex"), "");
    await expect(run(out, { epochs: 1 }, { beginning: "resume or new" })).rejects.toThrow(
      /holds other files/,
    );
  });
});

describe("a run with a time limit", () => {
  it("stops before it", async () => {
    const out = join(temporaryFolder(), "run");
    const { summary } = await run(
      out,
      { method: "apts", epochs: 1000 },
      { secondsLeft: () => Promise.resolve(29) },
    );
    expect(summary.ended).toBe("stopped");
    expect(readdirSync(join(out, "checkpoints"))).toContain(`epoch-${summary.epochs}.ckpt`);
  });

  it("that is far, or none, runs on", async () => {
    for (const left of [10_000, undefined]) {
      const out = join(temporaryFolder(), "run");
      const { summary } = await run(out, { epochs: 2 }, { secondsLeft: () => Promise.resolve(left) });
      expect(summary.ended).toBe("epochs");
    }
  });
});

describe("a picture that cannot be drawn", () => {
  it("is a warning: the run ends as it should, and its model is there", async () => {
    const out = join(temporaryFolder(), "run");
    const observe = (event: RunEvent): void => {
      if (event.type === "epoch") mkdirSync(join(out, "curves.svg", "in the way"), { recursive: true });
    };
    const ran = await run(out, { epochs: 2 }, { observe });
    expect(ran.summary.ended).toBe("epochs");
    expect(warnings(ran)).toEqual([expect.stringMatching(/could not draw curves\.svg: EISDIR/) as string]);
    expect(existsSync(join(out, "summary.json"))).toBe(true);
  });
});

describe("a disk that is full", () => {
  it("costs checkpoints, not the run nor the earlier ones", async (context) => {
    const disk = smallDisk(context);
    const [out, filler] = [join(disk, "run"), join(disk, "filler")];
    let whileFull: string[] = [];
    const ran = await run(
      out,
      { epochs: 6 },
      {
        observe(event) {
          if (event.type !== "epoch") return;
          if (event.metrics.epoch === 2) fill(filler);
          if (event.metrics.epoch === 5) {
            whileFull = readdirSync(join(out, "checkpoints"));
            rmSync(filler);
          }
        },
      },
    );
    expect(ran.summary).toMatchObject({ epochs: 6, ended: "epochs" });
    expect(whileFull).toEqual(["epoch-1.ckpt"]);
    expect(warnings(ran).join("\n")).toMatch(
      /^The run goes on, but could not write a checkpoint: ENOSPC: no space left on device/,
    );
    expect(metrics(out)).toHaveLength(6);
    expect(readdirSync(out, { recursive: true }).filter((name) => String(name).endsWith(".tmp"))).toEqual([]);
  });

  it("at the end is an error that says how to go on, and a resume does", async (context) => {
    const disk = smallDisk(context);
    const [out, filler] = [join(disk, "run"), join(disk, "filler")];
    const observe = (event: RunEvent): void => {
      if (event.type === "checkpoint" && event.file.endsWith("epoch-3.ckpt")) fill(filler);
    };
    await expect(run(out, { epochs: 3 }, { observe })).rejects.toThrow(
      /Expected to write the trained model to .*, could not: ENOSPC.*apts train --resume .*run goes on/,
    );
    expect(existsSync(join(out, "model", "model.json"))).toBe(false);
    rmSync(filler);
    await run(out, { epochs: 3 }, { beginning: "resume" });
    const elsewhere = join(temporaryFolder(), "run");
    await run(elsewhere, { epochs: 3 });
    expect(weights(out).equals(weights(elsewhere))).toBe(true);
  });
});

import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/methods/method.js";
import { CheckpointFolder } from "../../src/run/checkpoint/store.js";
import {
  DamagedCheckpointError,
  decodeCheckpoint,
  encodeCheckpoint,
  type StoredCheckpoint,
  type WholeCheckpoint,
} from "../../src/run/checkpoint/format.js";
import { temporaryFolder } from "../helpers/apts.js";

function checkpoint(theta: readonly number[] = [1, 2, 3], epochs = 1): WholeCheckpoint {
  const line = {
    epoch: epochs,
    seconds: 1.5,
    loss: 0.1,
    testLoss: NaN,
    testAccuracy: 0.5,
    metrics: { accuracy: 0.5 },
    radius: null,
  };
  const counts = { accepted: 1, steps: 1, lossEvaluations: 4, gradientEvaluations: 2, bytesSent: 10 };
  return {
    identity: {
      options: { seed: 7, hidden: [32, 32] },
      methodOptions: { fdl: true },
      methodModule: undefined,
      parameters: theta.length,
      model: "m",
      train: "a",
      test: "b",
      goal: "g",
      computation: "c",
    },
    state: {
      method: stateOf(theta),
      progress: { gradientNorm: Infinity, unmoved: 2 },
      statistics: null,
      ledger: {
        consumed: {
          globalLosses: 1,
          globalGradients: 2,
          localLosses: 3,
          localGradients: 4,
          bytesSent: 2 ** 40,
          peakMemory: 6,
          seconds: 0.1 + 0.2,
        },
        last: { ...line, ...counts },
        best: null,
        bestTestAccuracy: 0.5,
        steps: { made: 1, accepted: 0, loss: Infinity, radius: 1e-4 },
      },
      best: { theta: Float32Array.from(theta), statistics: null },
    },
    model: { "model.json": "{}", "weights.bin": Uint8Array.from(theta, (value) => value) },
  };
}

function thetaOf(stored: StoredCheckpoint | undefined): number[] {
  return [...(stored as WholeCheckpoint).state.method.theta];
}

/** Of a method that keeps a vector beside θ. */
function stateOf(values: readonly number[]): State {
  const theta = Float32Array.from(values);
  return { theta, radius: 0.1, pairs: [theta.slice()], here: null } as State;
}

describe("the file", () => {
  it("holds what was put in, to the bit", () => {
    const numbers = fc.array(fc.float({ noNaN: false }), { maxLength: 50 });
    fc.assert(
      fc.property(numbers, (theta) => {
        const saved = checkpoint(theta);
        expect(decodeCheckpoint("f", Buffer.concat(encodeCheckpoint(saved)))).toEqual(saved);
      }),
    );
  });

  it("any bit flipped and any end torn off is found", () => {
    const whole = Buffer.concat(encodeCheckpoint(checkpoint()));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), fc.boolean(), (at, bit, tear) => {
        const bytes = Buffer.from(tear ? whole.subarray(0, at) : whole);
        if (!tear) bytes[at]! ^= 1 << bit;
        expect(() => decodeCheckpoint("epoch-3.ckpt", bytes)).toThrow(DamagedCheckpointError);
      }),
    );
    expect(() => decodeCheckpoint("epoch-3.ckpt", whole.subarray(0, -1))).toThrow(
      "Expected a checkpoint in epoch-3.ckpt, but its content does not have the checksum it was written with.",
    );
  });
});

describe("the folder", () => {
  const at = (epochs: number, batches = 0) => ({ epochs, batches });
  const listed = (out: string): string[] => readdirSync(join(out, "checkpoints")).sort();

  it("keeps the last ones, and finds the newest", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 3);
    for (const position of [at(0, 4), at(2), at(9), at(10), at(10, 2)]) {
      await folder.write(checkpoint([position.epochs, position.batches]), position);
    }
    expect(listed(out)).toEqual(["epoch-10-batch-2.ckpt", "epoch-10.ckpt", "epoch-9.ckpt"]);
    const { checkpoint: newest, file, damaged } = await folder.newest();
    expect(thetaOf(newest)).toEqual([10, 2]);
    expect(file).toBe(join(out, "checkpoints", "epoch-10-batch-2.ckpt"));
    expect(damaged).toEqual([]);
  });

  it("passes over damaged ones, which later do not crowd out good ones", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 1);
    await folder.write(checkpoint([1]), at(1));
    truncateSync(await new CheckpointFolder(out, 3).write(checkpoint([5]), at(5)), 100);
    writeFileSync(join(out, "checkpoints", "epoch-4.ckpt"), "");
    const found = await folder.newest();
    expect(thetaOf(found.checkpoint)).toEqual([1]);
    expect(found.damaged).toEqual([
      expect.stringMatching(/epoch-5\.ckpt, but its content/) as string,
      expect.stringMatching(/epoch-4\.ckpt, but its 0 bytes do not begin as one/) as string,
    ]);
    await folder.write(checkpoint([2]), at(2));
    expect(thetaOf((await folder.newest()).checkpoint)).toEqual([2]);
    await folder.write(checkpoint([6]), at(6));
    expect(listed(out)).toEqual(["epoch-6.ckpt"]);
  });

  it("a write that fails leaves nothing behind and loses nothing", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 1);
    await folder.write(checkpoint([1]), at(1));
    mkdirSync(join(out, "checkpoints", "epoch-2.ckpt")); // what cannot be replaced by a file
    await expect(folder.write(checkpoint([2]), at(2))).rejects.toThrow();
    expect(listed(out)).toEqual(["epoch-1.ckpt", "epoch-2.ckpt"]);
    expect(readFileSync(join(out, "checkpoints", "epoch-1.ckpt")).length).toBeGreaterThan(100);
  });

  it("that does not exist holds none", async () => {
    const { checkpoint: none, damaged } = await new CheckpointFolder(
      join(temporaryFolder(), "run"),
      3,
    ).newest();
    expect(none).toBeUndefined();
    expect(damaged).toEqual([]);
  });
});

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WeightPart } from "../../src/network/weight-parts.js";
import type { Identity } from "../../src/run/checkpoint/identity.js";
import type { StagedCheckpoint } from "../../src/run/checkpoint/format.js";
import { modelIn } from "../../src/run/checkpoint/model-in.js";
import { readShard, writeShard } from "../../src/run/checkpoint/shard.js";
import { CheckpointFolder } from "../../src/run/checkpoint/store.js";
import { newLedger, type Position } from "../../src/run/ledger.js";
import { noProgress } from "../../src/run/progress.js";
import type { RunState } from "../../src/run/training-run.js";
import { gatherWeights, giveWeights } from "../../src/run/stages/gather.js";
import { temporaryFolder } from "../helpers/apts.js";
import { onGroup } from "../helpers/comm/groups.js";

const at = (epochs: number): Position => ({ epochs, batches: 0 });

function stateOf(method: object): RunState {
  return {
    method: { theta: new Float32Array(0), ...method },
    progress: noProgress,
    statistics: null,
    ledger: newLedger,
    best: null,
  };
}

function weight(name: string, values: Float32Array): WeightPart {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const read = () => Promise.resolve(bytes);
  return { name, shape: [values.length], dtype: "float32", bytes: bytes.length, read };
}

/** A checkpoint of two stages, each of whose one weight is full of its number. */
async function write(folder: CheckpointFolder, epochs: number): Promise<StagedCheckpoint> {
  await folder.make();
  const shards = [];
  for (const stage of [0, 1]) {
    const { file, path } = folder.shard(at(epochs), stage, 2);
    const theta = new Float32Array(1000).fill(10 * epochs + stage);
    const written = await writeShard(path, stateOf({ theta }), [weight(`w${stage}`, theta)]);
    shards.push({ file, ...written });
  }
  const own = { front: Uint8Array.of(1, 2, 3, 4) };
  const model = { "model.json": "{}", weights: ["w1", "front", "w0"], own };
  const checkpoint = { identity: {} as Identity, ledger: newLedger, shards, model };
  await folder.write(checkpoint, at(epochs));
  return checkpoint;
}

describe("the part of a stage", () => {
  it("holds what was put in, to the bit, vectors of all lengths and types", async () => {
    const vector = fc.oneof(
      fc.float32Array({ noNaN: false, maxLength: 600 }),
      fc.float64Array({ maxLength: 300 }),
      fc.int32Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 2000 }),
    );
    const value = fc.oneof(vector, fc.double(), fc.constant(null), fc.boolean(), fc.string());
    const name = fc.string().filter((text) => text !== "__proto__"); // which msgpackr takes from nobody
    const path = join(temporaryFolder(), "shard");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.oneof(value, fc.array(value))), async (known) => {
        const state = stateOf({ theta: new Float32Array(300).fill(7), known });
        const { sha256, bytes } = await writeShard(path, state, []);
        const content = readFileSync(path);
        expect(content.length).toBe(bytes);
        expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
        expect(await readShard(path)).toEqual(state);
      }),
      { numRuns: 50 },
    );
  });

  it("has a vector once that the state has twice", async () => {
    const path = join(temporaryFolder(), "shard");
    const theta = new Float32Array(10_000).fill(0.5);
    const { bytes } = await writeShard(
      path,
      { ...stateOf({ theta }), best: { theta, statistics: null } },
      [],
    );
    expect(bytes).toBeLessThan(8 * theta.length);
    const read = await readShard(path);
    expect(read.best!.theta).toBe(read.method.theta);
  });
});

describe("the folder", () => {
  const listed = (out: string): string[] => readdirSync(join(out, "checkpoints")).sort();

  it("finds the newest, and its stages' states", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 3);
    await write(folder, 1);
    const written = await write(folder, 2);
    const { checkpoint, damaged } = await folder.newest();
    expect(checkpoint).toEqual(written);
    expect(damaged).toEqual([]);
    for (const stage of [0, 1]) {
      const { theta } = (await folder.stateIn(written, stage)).method;
      expect(theta).toEqual(new Float32Array(1000).fill(20 + stage));
    }
  });

  const damages: Record<string, (path: string) => void> = {
    missing: (path) => {
      rmSync(path);
    },
    "torn off": (path) => {
      truncateSync(path, 500);
    },
    changed: (path) => {
      const content = readFileSync(path);
      content[content.length - 1]! ^= 1;
      writeFileSync(path, content);
    },
  };
  it.each(Object.entries(damages))("passes over one of which a part is %s", async (_, damage) => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 3);
    const good = await write(folder, 1);
    const bad = await write(folder, 2);
    damage(join(out, "checkpoints", bad.shards[1]!.file));
    const { checkpoint, damaged } = await folder.newest();
    expect(checkpoint).toEqual(good);
    expect(damaged).toEqual([expect.stringContaining("epoch-2.ckpt.stage-2-of-2") as string]);
  });

  it("drops the parts with the checkpoint they are of, and those of none", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 1);
    await write(folder, 1);
    const { path } = folder.shard(at(2), 0, 2); // of a run that was killed before the other came
    await writeShard(path, stateOf({}), []);
    await write(folder, 3);
    expect(listed(out)).toEqual(["epoch-3.ckpt", "epoch-3.ckpt.stage-1-of-2", "epoch-3.ckpt.stage-2-of-2"]);
  });

  it("writes no manifest of a part that is not there", async () => {
    const out = temporaryFolder();
    const folder = new CheckpointFolder(out, 3);
    const checkpoint = await write(folder, 1);
    const shards = [checkpoint.shards[0]!, { ...checkpoint.shards[1]!, file: "epoch-2.ckpt.stage-2-of-2" }];
    await expect(folder.write({ ...checkpoint, shards }, at(2))).rejects.toThrow(
      /^Expected epoch-2\.ckpt\.stage-2-of-2, written by the rank of that stage, .* got no such file\. Give --out/,
    );
    expect(listed(out)).not.toContain("epoch-2.ckpt");
  });
});

it("the model of a checkpoint has the weights of all parts in its own order", async () => {
  const out = temporaryFolder();
  const checkpoint = await write(new CheckpointFolder(out, 1), 1);
  const model = modelIn(checkpoint, join(out, "checkpoints", "epoch-1.ckpt"));
  expect(await joined(model["weights.bin"] as AsyncIterable<Uint8Array>)).toEqual(
    Buffer.concat([filled(1000, 11), Uint8Array.of(1, 2, 3, 4), filled(1000, 10)]),
  );
});

it("the weights of stages come to the first in the model's order, in pieces", async () => {
  const large = 5_000_001;
  const weights = [
    [weight("a", new Float32Array(3).fill(1)), weight("front", new Float32Array(1).fill(9))],
    [weight("b", new Float32Array(large).fill(2)), weight("none", new Float32Array(0))],
    [weight("c", new Float32Array(2).fill(3))],
  ];
  const order = ["front", "c", "b", "none", "a"];
  const [first] = await onGroup("shared", 3, async (comm) => {
    const own = weights[comm.rank]!;
    if (comm.rank > 0) return giveWeights(comm, order, own);
    return joined(gatherWeights(comm, order, own));
  });
  const wanted = [filled(1, 9), filled(2, 3), filled(large, 2), filled(3, 1)];
  expect((first as Buffer).equals(Buffer.concat(wanted))).toBe(true);
});

function filled(count: number, value: number): Buffer {
  return Buffer.from(new Float32Array(count).fill(value).buffer);
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all = [];
  for await (const piece of pieces) all.push(Uint8Array.from(piece));
  return Buffer.concat(all);
}

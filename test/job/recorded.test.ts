import { join } from "node:path";
import { expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";
import { recordIn, weights } from "../helpers/run-folder.js";

const built = builtUrl("src/index.ts");
const { train, UsageError } = (await import(built)) as typeof Api;

it("a record given to --config repeats its run to the same bytes; the command line wins", async () => {
  const folder = temporaryFolder();
  const [first, again, other] = ["first", "again", "other"].map((name) => join(folder, name));
  const options = "--method sapts --direction adam --batches 3 --epochs 2 --ranks 2 --seed 5".split(" ");
  expect((await runApts(["train", ...SMALL, ...options, "--out", first!])).code).toBe(0);
  const config = ["train", "--config", join(first!, "config.json")];
  expect(await runApts([...config, "--out", again!])).toMatchObject({ code: 0 });
  expect(weights(again!)).toEqual(weights(first!));
  const { options: asked, backend } = recordIn(first!);
  expect(recordIn(again!).options).toEqual({ ...asked, out: again, threads: backend.threads });
  expect(await runApts([...config, "--method", "adam", "--ranks", "1", "--out", other!])).toMatchObject({
    code: 0,
  });
  expect(recordIn(other!).options).toMatchObject({ method: "adam", ranks: 1, batches: 3, seed: 5 });
});

it("another seed trains other weights on the same digits", async () => {
  const [one, other] = [1, 2].map((seed) => ({ seed, out: join(temporaryFolder(), "run") }));
  for (const { seed, out } of [one!, other!]) {
    const words = ["--epochs", "1", "--ranks", "1", "--seed", String(seed), "--out", out];
    expect((await runApts(["train", ...SMALL, ...words])).code).toBe(0);
  }
  expect(recordIn(other!.out).samples).toEqual(recordIn(one!.out).samples);
  expect(weights(other!.out)).not.toEqual(weights(one!.out));
});

it("a run from memory says so, goes on from a program, and says from a shell what it lacks", async () => {
  const out = join(temporaryFolder(), "run");
  const samples = (count: number) => ({
    features: Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * i)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 2),
  });
  const data = { train: samples(60), test: samples(20) };
  const make = () =>
    tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [2], kernelInitializer: "ones", name: "only" })],
    });
  await train({ model: make(), data, ranks: 1, epochs: 2, out });
  const { options, samples: recorded } = recordIn(out);
  expect(options).toMatchObject({ data: "memory", model: "memory" });
  expect(recorded.train).toMatchObject({
    count: 60,
    inputs: [{ dtype: "float32", shape: [2] }],
    targets: [{ dtype: "int32", shape: [], classes: 2 }],
  });
  expect(recorded.train.sha256).toMatch(/^[0-9a-f]{64}$/);

  for (const words of [
    ["--resume", out],
    ["--config", join(out, "config.json")],
  ]) {
    const { code, stderr } = await runApts(["train", ...words]);
    expect(stderr).toMatch(
      /^apts: Expected the data of the run that .*config\.json records: 60 and 20 samples of shape \[2\] were held in the memory of a program\. Give data and model from a program, with train/,
    );
    expect(code).toBe(2);
  }

  tf.disposeVariables();
  const { epochs } = await train({ resume: out, model: make(), data, epochs: 4 });
  expect(epochs).toBe(4);
  tf.disposeVariables();
  const others = { train: samples(61), test: samples(20) };
  await expect(train({ resume: out, model: make(), data: others, epochs: 5 })).rejects.toThrow(UsageError);
});

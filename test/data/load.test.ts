import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadData, type LoadOptions } from "../../src/data/load.js";
import { normalisationOf } from "../../src/data/normalisation.js";
import { cifarRecord, idxBytes } from "../helpers/data/files.js";
import { temporaryFolder } from "../helpers/apts.js";
import { messageOf } from "../helpers/data/message.js";
import { plain } from "../helpers/data/labelled.js";

const shared = resolve(import.meta.dirname, "../../../shared/data");
const noData = existsSync(shared) ? "" : ` (skipped: no ${shared})`;

interface Spelling {
  readonly join: "-" | ".";
  readonly gzip: boolean;
}

/** `train` images of 2 × 2, image i filled with i, label i mod 10, and half as many for the test. */
async function writeMnist(
  directory: string,
  train = 4,
  spelling: Spelling = { join: "-", gzip: false },
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const write = (stem: string, dimensions: number, bytes: Buffer): Promise<void> => {
    const name = `${stem}${spelling.join}idx${dimensions}-ubyte${spelling.gzip ? ".gz" : ""}`;
    return writeFile(join(directory, name), spelling.gzip ? gzipSync(bytes) : bytes);
  };
  for (const [part, count] of [["train", train] as const, ["t10k", train / 2] as const]) {
    const numbers = Array.from({ length: count }, (_, i) => i);
    const pixels = numbers.flatMap((i) => [i, i, i, i]);
    await write(`${part}-images`, 3, idxBytes([count, 2, 2], pixels));
    await write(
      `${part}-labels`,
      1,
      idxBytes(
        [count],
        numbers.map((i) => i % 10),
      ),
    );
  }
}

const mnist = (
  options: Partial<LoadOptions> & { environment: NodeJS.ProcessEnv },
): ReturnType<typeof loadData> => loadData({ name: "mnist", seed: 0, ...options });

describe("loadData", () => {
  it("makes digits, as many as wanted", async () => {
    const split = await loadData({ name: "digits", seed: 1, trainCount: 30, testCount: 7 });
    expect([split.train.count, split.test!.count]).toEqual([30, 7]);
    expect(split.name).toBe("digits");
  });

  it.each<Spelling>([
    { join: "-", gzip: false },
    { join: "-", gzip: true },
    { join: ".", gzip: false },
    { join: ".", gzip: true },
  ])("reads MNIST in files spelled %o", async (spelling) => {
    const directory = temporaryFolder();
    await writeMnist(directory, 4, spelling);
    const { train, test } = await mnist({ directory, environment: {} });
    expect([...plain(train).labels]).toEqual([0, 1, 2, 3]);
    expect([...plain(train).features]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect([...plain(test).labels]).toEqual([0, 1]);
  });

  it("looks in the directory given and nowhere else, else in APTS_DATA_DIR, else in the cache; there or one below", async () => {
    const [given, variable, cache] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const environment = { APTS_DATA_DIR: variable, XDG_CACHE_HOME: cache };
    const found = async (directory?: string): Promise<number> =>
      (await mnist({ directory, environment })).train.count;

    expect(await messageOf(mnist({ environment }))).toBe(
      `Expected the files of MNIST in ${variable} and ${join(cache, "apts", "mnist")}, found none. ` +
        `Run "apts fetch mnist" to download them, or get them from https://ossci-datasets.s3.amazonaws.com/mnist/ ` +
        `and say where they are with --data-dir or APTS_DATA_DIR.`,
    );
    await writeMnist(join(cache, "apts", "mnist"), 2);
    expect(await found()).toBe(2);
    await writeMnist(join(variable, "mnist"), 4);
    expect(await found()).toBe(4);
    await writeMnist(variable, 6);
    expect(await found()).toBe(6);
    expect(await messageOf(mnist({ directory: given, environment }))).toContain(`in ${given}, found none`);
    await writeMnist(given, 8);
    expect(await found(given)).toBe(8);
  });

  it("finds MNIST where torchvision puts it", async () => {
    const directory = temporaryFolder();
    await writeMnist(join(directory, "MNIST", "raw"), 4);
    expect((await mnist({ directory, environment: {} })).train.count).toBe(4);
  });

  it.each<["mnist" | "cifar10", string, RegExp]>([
    [
      "cifar10",
      "cifar-10-batches-py/data_batch_1",
      /There is cifar-10-batches-py.data_batch_1\. That is .* for Python/,
    ],
    [
      "cifar10",
      "cifar-100-binary/train.bin",
      /There is cifar-100-binary.train\.bin\. That looks like CIFAR-100/,
    ],
    ["cifar10", "cifar-10-binary.tar.gz", /Unpack the archive there\.$/],
    [
      "mnist",
      "emnist-letters-train-images-idx3-ubyte.gz",
      /Those are EMNIST's: they are read by --data emnist-letters/,
    ],
    ["mnist", "mnist_train.csv", /Such files are read by --data with their path\./],
    ["mnist", "a.txt", /found others\. There is a\.txt\.$/],
  ])("says for %s what %s is, and what to do", async (name, file, message) => {
    const directory = temporaryFolder();
    await mkdir(join(directory, file, ".."), { recursive: true });
    await writeFile(join(directory, file), "");
    expect(await messageOf(loadData({ name, directory, seed: 0, environment: {} }))).toMatch(message);
  });

  it("says that a file is no folder", async () => {
    const directory = join(temporaryFolder(), "mnist.csv");
    await writeFile(directory, "5,0,0\n");
    expect(await messageOf(mnist({ directory, environment: {} }))).toBe(
      `Expected --data-dir to be a folder with the files of MNIST, but ${directory} is a file. ` +
        `Read it by --data ${directory}.`,
    );
  });

  it("finds Fashion-MNIST and KMNIST, called as MNIST's files are, in folders of their own", async () => {
    const root = temporaryFolder();
    await writeMnist(root, 4);
    await writeMnist(join(root, "FashionMNIST", "raw"), 6);
    await writeMnist(join(root, "kmnist"), 8);
    const environment = { APTS_DATA_DIR: root, XDG_CACHE_HOME: temporaryFolder() };
    const count = async (name: string, directory?: string): Promise<number> =>
      (await loadData({ name, directory, seed: 0, environment })).train.count;
    expect([await count("mnist"), await count("fashion-mnist"), await count("kmnist")]).toEqual([4, 6, 8]);
    expect(await count("fashion-mnist", root)).toBe(6);
    expect(await count("fashion-mnist", join(root, "kmnist"))).toBe(8); // as its user says
    await rm(join(root, "kmnist"), { recursive: true });
    expect(await messageOf(count("kmnist"))).toMatch(
      /Expected the files of KMNIST in .*, found none\. Run "apts fetch kmnist"/,
    );
  });

  it("sets EMNIST's images upright, and counts its letters from 0", async () => {
    const directory = temporaryFolder();
    for (const part of ["train", "test"]) {
      const stem = join(directory, `emnist-letters-${part}`);
      await writeFile(
        `${stem}-images-idx3-ubyte`,
        idxBytes([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      );
      await writeFile(`${stem}-labels-idx1-ubyte`, idxBytes([2], [1, 26]));
    }
    const { train } = await loadData({ name: "emnist-letters", directory, seed: 0 });
    expect(plain(train).sampleShape).toEqual([3, 2, 1]);
    expect([...plain(train).features]).toEqual([1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12]);
    expect([...plain(train).labels]).toEqual([0, 25]);
    expect(await messageOf(loadData({ name: "emnist-digits", directory, seed: 0 }))).toMatch(
      /found others\. There is emnist-letters-test-images-idx3-ubyte/,
    );
    await writeFile(join(directory, "emnist-letters-train-labels-idx1-ubyte"), idxBytes([2], [0, 26]));
    expect(await messageOf(loadData({ name: "emnist-letters", directory, seed: 0 }))).toMatch(
      /Expected labels from 1 to 26 in .*, found 0 at index 0\.$/,
    );
  });

  it("reads the fine labels of CIFAR-100", async () => {
    const directory = temporaryFolder();
    const record = (coarse: number, fine: number) =>
      Buffer.concat([Buffer.of(coarse), cifarRecord(fine, (c) => c)]);
    await writeFile(join(directory, "train.bin"), Buffer.concat([record(3, 99), record(19, 5)]));
    await writeFile(join(directory, "test.bin"), record(0, 7));
    const { train, test } = await loadData({ name: "cifar100", directory, seed: 0 });
    expect([...plain(train).labels]).toEqual([99, 5]);
    expect(plain(train).classes).toBe(100);
    expect([...plain(test).features.subarray(0, 3)]).toEqual([0, 1, 2]);
    await writeFile(
      join(directory, "test.bin"),
      cifarRecord(0, () => 7),
    );
    expect(await messageOf(loadData({ name: "cifar100", directory, seed: 0 }))).toMatch(
      /records of 3074 bytes \(CIFAR-100/,
    );
  });

  it("refuses options that data have no use for, and test samples that are not there", async () => {
    expect(await messageOf(loadData({ name: "digits", seed: 0, label: "2" }))).toMatch(
      /Expected no --label for --data digits/,
    );
    expect(await messageOf(loadData({ name: "digits", seed: 0, block: 2 }))).toMatch(
      /--block with --data text alone/,
    );
    expect(await messageOf(loadData({ name: "/nowhere/mnits", seed: 0 }))).toMatch(
      /nothing at .*mnits\. Did you mean "mnist"\?$/,
    );
    const table = join(temporaryFolder(), "a.csv");
    await writeFile(table, "1,2.5\n3,4\n");
    expect(await messageOf(loadData({ name: table, seed: 0, testCount: 1 }))).toMatch(
      /Hold some back with --validation-split/,
    );
    expect(await messageOf(loadData({ name: table, seed: 0, directory: "." }))).toMatch(
      /Expected no --data-dir beside a path/,
    );
  });

  it("names the file that is missing among the others", async () => {
    const directory = temporaryFolder();
    await writeFile(join(directory, "train-images-idx3-ubyte"), idxBytes([0, 28, 28], []));
    expect(await messageOf(mnist({ directory, environment: {} }))).toBe(
      `Expected train-labels-idx1-ubyte (or .gz) beside the other files of MNIST in ${directory}, found none. ` +
        `Run "apts fetch mnist" to download all of them.`,
    );
  });

  it("reads CIFAR-10 batches in their numerical order", async () => {
    const directory = join(temporaryFolder(), "cifar-10-batches-bin");
    await mkdir(directory);
    const write = (name: string, label: number): Promise<void> =>
      writeFile(
        join(directory, name),
        cifarRecord(label, () => label),
      );
    await write("data_batch_10.bin", 3);
    await write("data_batch_2.bin", 2);
    await writeFile(join(directory, "data_batch_1.bin.gz"), gzipSync(cifarRecord(1, () => 9)));
    await write("data_batch_1.bin", 1);
    const options = { name: "cifar10" as const, directory: join(directory, ".."), seed: 0, environment: {} };
    expect(await messageOf(loadData(options))).toContain(
      "Expected test_batch.bin (or .gz) beside the other files",
    );
    await write("test_batch.bin", 4);
    const { train, test } = await loadData(options);
    expect([...plain(train).labels]).toEqual([1, 2, 3]);
    expect(plain(train).features[0]).toBe(1); // of .bin and .bin.gz, the plain file
    expect([...plain(test).labels]).toEqual([4]);
  });

  it("takes the first samples, and says so where there are not as many", async () => {
    const directory = temporaryFolder();
    await writeMnist(directory, 6);
    const { train, test } = await mnist({
      directory,
      trainCount: 3,
      testCount: 1,
      environment: {},
    });
    expect([...plain(train).labels]).toEqual([0, 1, 2]);
    expect(plain(train).features.length).toBe(12);
    expect(test!.count).toBe(1);
    expect(await messageOf(mnist({ directory, trainCount: 7, environment: {} }))).toBe(
      "Expected at most 6 training samples, as many as the files hold, got 7.",
    );
    expect(await messageOf(mnist({ directory, testCount: 0, environment: {} }))).toBe(
      "Expected the number of test samples to be a positive integer, got 0.",
    );
  });

  it.skipIf(noData !== "")(`reads the real MNIST${noData}`, async () => {
    const { train, test } = await mnist({ environment: { APTS_DATA_DIR: shared } });
    expect(train.count).toBe(60_000);
    expect(test!.count).toBe(10_000);
    expect([...plain(train).labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    const normalisation = normalisationOf(train.inputs[0]!);
    expect(normalisation.mean[0]! / 255).toBeCloseTo(0.1307, 4);
    expect(normalisation.deviation[0]! / 255).toBeCloseTo(0.3081, 4);
  });

  it.skipIf(noData !== "")(`reads the real CIFAR-10${noData}`, async () => {
    const { train } = await loadData({ name: "cifar10", directory: shared, seed: 0 });
    expect(plain(train).sampleShape).toEqual([32, 32, 3]);
    const normalisation = normalisationOf(train.inputs[0]!);
    const known = [0.4914, 0.4822, 0.4465]; // the mean colour of the 50,000 training images
    known.forEach((mean, channel) => {
      expect(Math.abs(normalisation.mean[channel]! / 255 - mean)).toBeLessThan(0.01);
    });
  });
});

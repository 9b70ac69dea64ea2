import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../errors.js";
import { pathError } from "../paths.js";
import { describeForeign } from "./foreign-files.js";
import { cacheDirectory, sources, type FileDataName } from "./sources.js";

/**
 * Finds the files of MNIST: an explicit `directory` is the only place looked in; otherwise APTS_DATA_DIR, then the
 * cache. In each, the files may lie directly, in a folder named after the data set, or where torchvision puts them. Plain or .gz, `-idx3-ubyte`
 * or `.idx3-ubyte`. UsageError where there are none or only some of them.
 */
async function locateMnist(directory: string | undefined, environment: NodeJS.ProcessEnv) {
  const { folder, files } = await findFolder("mnist", directory, environment, (names) =>
    names.some((name) => /^(train|t10k)-(images|labels)[-.]idx[13]-ubyte/.test(name)),
  );
  const pick = (part: string, dimensions: 1 | 3): string => {
    const spellings = [`${part}-idx${dimensions}-ubyte`, `${part}.idx${dimensions}-ubyte`];
    const wanted = spellings.flatMap((name) => [name, `${name}.gz`]);
    const found = wanted.find((name) => files.includes(name));
    if (found !== undefined) return join(folder, found);
    throw missing("mnist", `${wanted[0]!} (or .gz)`, folder);
  };
  return {
    trainImages: pick("train-images", 3),
    trainLabels: pick("train-labels", 1),
    testImages: pick("t10k-images", 3),
    testLabels: pick("t10k-labels", 1),
  };
}

/** Finds the files of CIFAR-10's binary version, as locateMnist does: data_batch_N.bin for any N, and test_batch.bin. */
async function locateCifar10(directory: string | undefined, environment: NodeJS.ProcessEnv) {
  const { folder, files } = await findFolder("cifar10", directory, environment, (names) =>
    names.some((name) => /^(data_batch_\d+|test_batch)\.bin(\.gz)?$/.test(name)),
  );
  const train = new Map<number, string>();
  for (const name of [...files].sort().reverse()) {
    // in reverse, so that of X.bin and X.bin.gz the plain one stays
    const number = /^data_batch_(\d+)\.bin(\.gz)?$/.exec(name)?.[1];
    if (number !== undefined) train.set(Number(number), join(folder, name));
  }
  if (train.size === 0) throw missing("cifar10", "data_batch_1.bin (or .gz)", folder);
  const test = ["test_batch.bin", "test_batch.bin.gz"].find((name) => files.includes(name));
  if (test === undefined) throw missing("cifar10", "test_batch.bin (or .gz)", folder);
  return {
    train: [...train].sort(([a], [b]) => a - b).map(([, path]) => path),
    test: join(folder, test),
  };
}

/** Where the files of each data set are: (the user's folder, the environment) ↦ files. */
export const locate = { mnist: locateMnist, cifar10: locateCifar10 } satisfies Record<FileDataName, unknown>;

/** The first folder that holds any file of the data set, with the names of all its files. */
async function findFolder(
  name: FileDataName,
  directory: string | undefined,
  environment: NodeJS.ProcessEnv,
  holds: (names: readonly string[]) => boolean,
): Promise<{ folder: string; files: readonly string[] }> {
  const fromEnvironment = environment["APTS_DATA_DIR"];
  const roots =
    directory !== undefined
      ? [directory]
      : [...(fromEnvironment ? [fromEnvironment] : []), cacheDirectory(name, environment)];
  if (directory !== undefined) await expectFolder(name, directory);
  const { title, homepage, subfolders } = sources[name];
  const folders = roots.flatMap((root) => [root, ...subfolders.map((sub) => join(root, sub))]);
  for (const folder of folders) {
    const files = await readdir(folder).catch((): string[] => []);
    if (holds(files)) return { folder, files };
  }
  const foreign = directory === undefined ? undefined : await describeForeign(name, directory);
  if (foreign !== undefined) {
    throw new UsageError(
      `Expected the files of ${title} in ${resolve(directory!)}, found others. ${foreign}`,
    );
  }
  const looked = roots.map((root) => resolve(root)).join(" and ");
  throw new UsageError(
    `Expected the files of ${title} in ${looked}, found none. Run "apts fetch ${name}" to download them, ` +
      `or get them from ${homepage} and say where they are with --data-dir or APTS_DATA_DIR.`,
  );
}

/** @throws UsageError where the user's `directory` is none, or may not be read */
async function expectFolder(name: FileDataName, directory: string): Promise<void> {
  const what = `--data-dir to be a folder with the files of ${sources[name].title}`;
  await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // what is there to do is said below
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") {
      const advice = /\.csv$/i.test(directory)
        ? " CSV is not read: give the samples to train() in a program."
        : "";
      throw new UsageError(`Expected ${what}, but ${directory} is a file.${advice}`, { cause: error });
    }
    throw pathError(`${what}, not ${directory}`, error);
  });
}

function missing(name: FileDataName, file: string, folder: string): UsageError {
  return new UsageError(
    `Expected ${file} beside the other files of ${sources[name].title} in ${resolve(folder)}, found none. Run "apts fetch ${name}" to download all of them.`,
  );
}

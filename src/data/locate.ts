import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError } from "../errors.js";
import { pathError } from "../paths.js";
import { describeForeign } from "./foreign-files.js";
import { cacheDirectory, sources, type FileDataName } from "./sources.js";

export interface Located {
  /** Each file, or each pair of images and labels. */
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/**
 * Finds the files of a data set: an explicit `directory` is the only place looked in; otherwise APTS_DATA_DIR, then the
 * cache. In each, the files may lie directly, in a folder named after the data set, or where torchvision or the archive puts
 * them; plain or .gz. UsageError where there are none or only some of them.
 */
export function locate(
  name: FileDataName,
  directory: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Located> {
  const { format }: { format: (typeof sources)[FileDataName]["format"] } = sources[name];
  return format.kind === "idx"
    ? locateIdx(name, format, directory, environment)
    : locateCifar(name, format, directory, environment);
}

type FormatOf<K> = Extract<(typeof sources)[FileDataName]["format"], { kind: K }>;

/** `-idx3-ubyte` or `.idx3-ubyte`; images, then labels. */
async function locateIdx(
  name: FileDataName,
  { train, test }: FormatOf<"idx">,
  directory: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Located> {
  const isOne = new RegExp(`^(${train}|${test})-(images|labels)[-.]idx[13]-ubyte`);
  const { folder, files } = await findFolder(name, directory, environment, (names) =>
    names.some((file) => isOne.test(file)),
  );
  const pick = (part: string, dimensions: 1 | 3): string => {
    const spellings = [`${part}-idx${dimensions}-ubyte`, `${part}.idx${dimensions}-ubyte`];
    const wanted = spellings.flatMap((file) => [file, `${file}.gz`]);
    const found = wanted.find((file) => files.includes(file));
    if (found !== undefined) return join(folder, found);
    throw missing(name, `${wanted[0]!} (or .gz)`, folder);
  };
  return {
    train: [pick(`${train}-images`, 3), pick(`${train}-labels`, 1)],
    test: [pick(`${test}-images`, 3), pick(`${test}-labels`, 1)],
  };
}

/** The binary version: data_batch_N.bin for any N, in their order. */
async function locateCifar(
  name: FileDataName,
  { train: pattern, test: testName }: FormatOf<"cifar">,
  directory: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Located> {
  const { folder, files } = await findFolder(name, directory, environment, (names) =>
    names.some((file) => pattern.test(file) || file === testName || file === `${testName}.gz`),
  );
  const train = new Map<number, string>();
  for (const file of [...files].sort().reverse()) {
    // in reverse, so that of X.bin and X.bin.gz the plain one stays
    const number = pattern.exec(file)?.[1];
    if (number !== undefined) train.set(Number(number), join(folder, file));
  }
  const first = name === "cifar10" ? "data_batch_1.bin" : "train.bin";
  if (train.size === 0) throw missing(name, `${first} (or .gz)`, folder);
  const test = [testName, `${testName}.gz`].find((file) => files.includes(file));
  if (test === undefined) throw missing(name, `${testName} (or .gz)`, folder);
  return {
    train: [...train].sort(([a], [b]) => a - b).map(([, path]) => path),
    test: [join(folder, test)],
  };
}

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
  const { title, homepage, subfolders, downloads } = sources[name];
  // Files of many names are called as MNIST's: in a folder of several data sets only the folder's name tells.
  const isCalledAsMnist = name === "fashion-mnist" || name === "kmnist";
  const folders = roots.flatMap((root) => {
    const below = subfolders.map((sub) => join(root, sub));
    if (!isCalledAsMnist) return [root, ...below];
    return root === fromEnvironment && directory === undefined ? below : [...below, root];
  });
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
    `Expected the files of ${title} in ${looked}, found none. ` +
      (downloads.length > 0 ? `Run "apts fetch ${name}" to download them, or get` : "Get") +
      ` them from ${homepage} and say where they are with --data-dir or APTS_DATA_DIR.`,
  );
}

/** @throws UsageError where the user's `directory` is none, or may not be read */
async function expectFolder(name: FileDataName, directory: string): Promise<void> {
  const what = `--data-dir to be a folder with the files of ${sources[name].title}`;
  await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // what is there to do is said below
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") {
      const advice = /\.csv$/i.test(directory) ? ` Read it by --data ${directory}.` : "";
      throw new UsageError(`Expected ${what}, but ${directory} is a file.${advice}`, { cause: error });
    }
    throw pathError(`${what}, not ${directory}`, error);
  });
}

function missing(name: FileDataName, file: string, folder: string): UsageError {
  return new UsageError(
    `Expected ${file} beside the other files of ${sources[name].title} in ${resolve(folder)}, found none.` +
      (sources[name].downloads.length > 0 ? ` Run "apts fetch ${name}" to download all of them.` : ""),
  );
}

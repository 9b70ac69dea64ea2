import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FileDataName } from "./sources.js";

/** Files that people take for a data set, and what to do about them; the first that fits counts. */
const KINDS: readonly {
  readonly sign: RegExp;
  readonly of?: FileDataName;
  readonly advice: string;
}[] = [
  {
    sign: /^(data_batch_[1-5]|test_batch|batches\.meta)$/,
    of: "cifar10",
    advice:
      "That is CIFAR-10's version for Python (pickled); its binary version is read, cifar-10-binary.tar.gz.",
  },
  {
    sign: /^(train|test|coarse_label_names\.txt|fine_label_names\.txt)(\.bin)?$/,
    of: "cifar10",
    advice: "That looks like CIFAR-100: its binary version is read by --data cifar100.",
  },
  {
    sign: /^emnist-.*-idx[13]-ubyte/,
    of: "mnist",
    advice:
      "Those are EMNIST's: they are read by --data emnist-letters, emnist-balanced, emnist-digits, emnist-byclass or emnist-bymerge.",
  },
  { sign: /\.(tar\.gz|tgz|tar|zip)$/, advice: "Unpack the archive there." },
  { sign: /\.(csv|tsv|npz|npy)$/i, advice: "Such files are read by --data with their path." },
  {
    sign: /\.(parquet|pt|pkl|arrow)$/,
    advice: "That format is not read: give the samples to train() in a program, or save them as .npy.",
  },
];

/** How many names of what is there are said. */
const SHOWN = 4;

/** A sentence on what is in a folder, and the next one on what to do about it; undefined where it is empty or not there. */
export async function describeForeign(name: FileDataName, folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).slice(0, 8);
  const deeper = await Promise.all(
    below.map(async (entry) => {
      const names = await readdir(join(folder, entry.name)).catch((): string[] => []);
      return names.map((file) => join(entry.name, file));
    }),
  );
  const files = [
    ...entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name),
    ...deeper.flat(),
  ].sort();
  if (files.length === 0) return undefined;
  const more = files.length > SHOWN ? `, … (${files.length} files)` : "";
  const fits = KINDS.find(
    ({ sign, of = name }) => of === name && files.some((file) => sign.test(file.split("/").at(-1)!)),
  );
  return `There is ${files.slice(0, SHOWN).join(", ")}${more}.${fits ? ` ${fits.advice}` : ""}`;
}

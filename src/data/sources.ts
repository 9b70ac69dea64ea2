import { homedir } from "node:os";
import { join } from "node:path";

interface DataSource {
  readonly title: string;
  readonly homepage: string;
  /** Where the downloads lie, in the order they are tried. */
  readonly mirrors: readonly string[];
  readonly downloads: readonly DownloadSource[];
  /** Where its files may lie in a folder of data, besides the folder itself: our own way, and torchvision's or the archive's. */
  readonly subfolders: readonly string[];
  /** What its samples are, as published. */
  readonly sampleShape: readonly [number, number, number];
  readonly classes: number;
}

export interface DownloadSource {
  readonly file: string;
  readonly md5: string;
  /** What the checksum is of. Mirrors pack the same file with different gzip programs. */
  readonly md5Of: "file" | "unpacked";
}

/** The data sets that are files, as opposed to the built-in digits. */
export const sources = {
  mnist: {
    title: "MNIST",
    homepage: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    mirrors: [
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    downloads: [
      { file: "train-images-idx3-ubyte.gz", md5: "6bbc9ace898e44ae57da46a324031adb", md5Of: "unpacked" },
      { file: "train-labels-idx1-ubyte.gz", md5: "a25bea736e30d166cdddb491f175f624", md5Of: "unpacked" },
      { file: "t10k-images-idx3-ubyte.gz", md5: "2646ac647ad5339dbf082846283269ea", md5Of: "unpacked" },
      { file: "t10k-labels-idx1-ubyte.gz", md5: "27ae3e4e09519cfbb04c329615203637", md5Of: "unpacked" },
    ],
    subfolders: ["mnist", "MNIST/raw"],
    sampleShape: [28, 28, 1],
    classes: 10,
  },
  cifar10: {
    title: "CIFAR-10 (binary version)",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    mirrors: [
      "https://www.cs.toronto.edu/~kriz/",
      "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
      "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
    ],
    downloads: [{ file: "cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530", md5Of: "file" }],
    subfolders: ["cifar10", "cifar-10-batches-bin"],
    sampleShape: [32, 32, 3],
    classes: 10,
  },
} as const satisfies Readonly<Record<string, DataSource>>;

export type FileDataName = keyof typeof sources;
export const FILE_DATA_NAMES = Object.keys(sources) as FileDataName[];

export const DATA_NAMES = ["digits", ...FILE_DATA_NAMES] as const;
export type DataName = (typeof DATA_NAMES)[number];

/** Where `apts fetch` puts a data set: the user's cache, $XDG_CACHE_HOME/apts/NAME or ~/.cache/apts/NAME. */
export function cacheDirectory(name: FileDataName, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment["XDG_CACHE_HOME"];
  // Empty counts as unset (XDG Base Directory Specification).
  const base = given === undefined || given === "" ? join(homedir(), ".cache") : given;
  return join(base, "apts", name);
}

import { homedir } from "node:os";
import { join } from "node:path";

/** How the files of a data set are read and named. */
type Format =
  /** Four idx files; their names begin with these. `transposed`: images lie on their side; labels count from `firstLabel`. */
  | {
      readonly kind: "idx";
      readonly train: string;
      readonly test: string;
      readonly transposed?: boolean;
      readonly firstLabel?: number;
    }
  /** Records of so many labels, of which the last counts, and three planes of colour. */
  | { readonly kind: "cifar"; readonly labels: number; readonly train: RegExp; readonly test: string };

interface DataSource {
  readonly title: string;
  readonly homepage: string;
  readonly format: Format;
  /** Where the downloads lie, in the order they are tried. */
  readonly mirrors: readonly string[];
  /** Empty where `apts fetch` does not get it. */
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

const IDX = { kind: "idx", train: "train", test: "t10k" } as const;
const GREY = { sampleShape: [28, 28, 1] } as const;

/** Four gzip files by their checksums: images and labels of the training, then of the test. */
function idxFiles(md5s: readonly [string, string, string, string]): readonly DownloadSource[] {
  const files = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  return files.map((file, i) => ({ file: `${file}-ubyte.gz`, md5: md5s[i]!, md5Of: "file" }));
}

/** One of the splits of EMNIST, all of which its archive holds. */
function emnist<const Split extends string>(split: Split, classes: number, firstLabel = 0) {
  return {
    title: `EMNIST (${split})`,
    homepage: "https://www.nist.gov/itl/products-and-services/emnist-dataset",
    format: {
      kind: "idx",
      train: `emnist-${split}-train`,
      test: `emnist-${split}-test`,
      transposed: true,
      firstLabel,
    },
    mirrors: [],
    downloads: [],
    subfolders: ["emnist", "EMNIST/raw", "gzip"],
    ...GREY,
    classes,
  } as const;
}

/** The data sets that are files, as opposed to the built-in digits. */
export const sources = {
  mnist: {
    title: "MNIST",
    homepage: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    format: IDX,
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
    ...GREY,
    classes: 10,
  },
  "fashion-mnist": {
    title: "Fashion-MNIST",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    format: IDX,
    mirrors: [
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ],
    downloads: idxFiles([
      "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      "25c81989df183df01b3e8a0aad5dffbe",
      "bef4ecab320f06d8554ea6380940ec79",
      "bb300cfdad3c16e7a12a480ee83cd310",
    ]),
    subfolders: ["fashion-mnist", "FashionMNIST/raw"],
    ...GREY,
    classes: 10,
  },
  kmnist: {
    title: "KMNIST",
    homepage: "https://github.com/rois-codh/kmnist",
    format: IDX,
    mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
    downloads: idxFiles([
      "bdb82020997e1d708af4cf47b453dcf7",
      "e144d726b3acfaa3e44228e80efcd344",
      "5c965bf0a639b31b8f53240b1b52f4d7",
      "7320c461ea6c1c855c0b718fb2a4b134",
    ]),
    subfolders: ["kmnist", "KMNIST/raw"],
    ...GREY,
    classes: 10,
  },
  cifar10: {
    title: "CIFAR-10 (binary version)",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    format: { kind: "cifar", labels: 1, train: /^data_batch_(\d+)\.bin(\.gz)?$/, test: "test_batch.bin" },
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
  cifar100: {
    title: "CIFAR-100 (binary version)",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    format: { kind: "cifar", labels: 2, train: /^train()\.bin(\.gz)?$/, test: "test.bin" },
    mirrors: ["https://www.cs.toronto.edu/~kriz/"],
    downloads: [{ file: "cifar-100-binary.tar.gz", md5: "03b5dce01913d631647c71ecec9e9cb8", md5Of: "file" }],
    subfolders: ["cifar100", "cifar-100-binary"],
    sampleShape: [32, 32, 3],
    classes: 100,
  },
  "emnist-balanced": emnist("balanced", 47),
  "emnist-byclass": emnist("byclass", 62),
  "emnist-bymerge": emnist("bymerge", 47),
  "emnist-digits": emnist("digits", 10),
  "emnist-letters": emnist("letters", 26, 1),
} as const satisfies Readonly<Record<string, DataSource>>;

export type FileDataName = keyof typeof sources;
export const FILE_DATA_NAMES = Object.keys(sources) as FileDataName[];

/** Those that `apts fetch` gets. */
export const FETCHED_NAMES = FILE_DATA_NAMES.filter((name) => sources[name].downloads.length > 0);

/** What `--data` names; anything else is a path. */
export const DATA_NAMES = ["digits", ...FILE_DATA_NAMES, "text"] as const;
export type DataName = (typeof DATA_NAMES)[number];

export function isDataName(data: string): data is DataName {
  return (DATA_NAMES as readonly string[]).includes(data);
}

export function isFileDataName(data: string): data is FileDataName {
  return Object.hasOwn(sources, data);
}

/** Where `apts fetch` puts a data set: the user's cache, $XDG_CACHE_HOME/apts/NAME or ~/.cache/apts/NAME. */
export function cacheDirectory(name: FileDataName, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment["XDG_CACHE_HOME"];
  // Empty counts as unset (XDG Base Directory Specification).
  const base = given === undefined || given === "" ? join(homedir(), ".cache") : given;
  return join(base, "apts", name);
}

import { createReadStream } from "node:fs";
import { access, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { unpackTar } from "modern-tar/fs";
import { checksum, download, type DownloadOptions } from "./download.js";
import { cacheDirectory, sources, type DownloadSource, type FileDataName } from "./sources.js";

export interface FetchOptions extends DownloadOptions {
  /** Where the files go; the cache, where loadData looks, if not given. */
  readonly directory?: string | undefined;
  /** Addresses of folders to download from instead of the public ones, for a mirror of your own. */
  readonly mirrors?: readonly string[] | undefined;
}

export interface Fetched {
  readonly directory: string;
  /** The names of the data files now in `directory`. */
  readonly files: readonly string[];
}

/** What of their archives is kept. */
const ARCHIVED: Partial<Readonly<Record<FileDataName, readonly string[]>>> = {
  cifar10: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`).concat("test_batch.bin"),
  cifar100: ["train.bin", "test.bin"],
};

/**
 * Downloads a data set's files, checks them and puts them where loadData finds them. Files that are there already,
 * and whole, are not fetched again. AptsError where no mirror has them or there is no network.
 */
export async function fetchData(name: FileDataName, options: FetchOptions = {}): Promise<Fetched> {
  const directory = options.directory ?? cacheDirectory(name);
  const mirrors = options.mirrors ?? sources[name].mirrors;
  const get = async (source: DownloadSource): Promise<string> => {
    const path = join(directory, source.file);
    const present = await checksum(path, source.md5Of).catch(() => undefined);
    if (present !== source.md5) {
      const urls = mirrors.map((mirror) => mirror.replace(/\/*$/, "/") + source.file);
      await download({ path, urls, md5: source.md5, md5Of: source.md5Of }, options);
    }
    return path;
  };
  const { downloads } = sources[name];
  const archived = ARCHIVED[name];
  if (archived === undefined) {
    for (const source of downloads) await get(source);
    return { directory, files: downloads.map(({ file }) => file) };
  }
  if (!(await allPresent(directory, archived))) {
    const archive = await get(downloads[0]!);
    await unpackFiles(archive, directory, archived);
    await rm(archive);
  }
  return { directory, files: archived };
}

/**
 * Takes `files` out of the top folder of a .tar.gz into `directory`. They are renamed into place when all of the
 * archive has been unpacked, so that a file that is there is whole.
 */
export async function unpackFiles(
  archive: string,
  directory: string,
  files: readonly string[],
): Promise<void> {
  const temporary = await mkdtemp(join(directory, ".unpack-"));
  try {
    const unpack = unpackTar(temporary, {
      strip: 1,
      filter: ({ name, type }) => type === "file" && files.includes(name.slice(name.indexOf("/") + 1)),
      fmode: 0o644,
    });
    await pipeline(createReadStream(archive), createGunzip(), unpack);
    for (const file of files) await rename(join(temporary, file), join(directory, file));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function allPresent(directory: string, files: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(files.map((file) => access(join(directory, file))));
  return found.every(({ status }) => status === "fulfilled");
}

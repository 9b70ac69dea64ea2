import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "../../errors.js";
import type { DataSplit } from "../dataset.js";
import { MOST_IN_MEMORY } from "../file-rows.js";
import { DATA_NAMES } from "../sources.js";
import { holdsArrays, loadNpy, loadNpyFolder, loadNpz } from "./arrays-of-file.js";
import { foldersIn, loadImageFolder } from "./image-folder.js";
import { loadModule, MODULE } from "./module.js";
import type { FileOptions } from "./options.js";
import { loadTables, TABLE } from "./tables.js";

export interface PathOptions extends FileOptions {
  /** Bytes of an array that is read into memory; the rows of a larger one stay in their file. */
  readonly mostInMemory?: number | undefined;
}

/**
 * The data in a file or folder of the user's.
 * @throws UsageError where there is none, it is of another kind, or holds what cannot be trained on
 */
export async function loadPath(path: string, options: PathOptions): Promise<DataSplit> {
  const { mostInMemory = MOST_IN_MEMORY, ...fileOptions } = options;
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(nothingAt(path));
  if (found.isDirectory()) return loadFolder(path, fileOptions, mostInMemory);
  if (path.endsWith(".npy")) return loadNpy(path, fileOptions, mostInMemory);
  if (path.endsWith(".npz")) return loadNpz(path, fileOptions);
  if (TABLE.test(path)) return loadTables(path, undefined, fileOptions);
  if (MODULE.test(path)) return loadModule(path, fileOptions);
  const advice = /\.(txt|text|md)$/i.test(path)
    ? ` Text is read by --data text --data-dir ${path}.`
    : " Give it to train() in a program, or as a module that exports createData.";
  throw new UsageError(`Expected --data to be ${KINDS}, got ${path}.${advice}`);
}

const KINDS =
  "a .npy, .npz, .csv or .tsv file, a folder of them or of images by class, or a module (.js, .mjs)";

async function loadFolder(path: string, options: FileOptions, mostInMemory: number): Promise<DataSplit> {
  const folders = await foldersIn(path);
  const files = (await readdir(path)).filter((name) => !folders.includes(name));
  if (holdsArrays(files)) return loadNpyFolder(path, options, mostInMemory);
  const tables = files.filter((name) => TABLE.test(name));
  const named = (stems: readonly string[]) =>
    tables.find((name) => stems.includes(name.replace(TABLE, "").toLowerCase()));
  const train = named(["train", "training"]);
  const test = named(["test", "testing"]) ?? named(["val", "valid", "validation"]);
  if (train !== undefined) {
    return loadTables(join(path, train), test === undefined ? undefined : join(path, test), options);
  }
  if (folders.length > 0) return loadImageFolder(path, options);
  const shown = files.slice(0, 4).join(", ") + (files.length > 4 ? `, … (${files.length} files)` : "");
  throw new UsageError(
    `Expected x_train.npy and y_train.npy, train.csv, or a folder for each class of images in ${path}, got ${shown || "nothing"}.`,
  );
}

/** Of names that are neither a data set's nor a path's. */
function nothingAt(path: string): string {
  const name = path.split("/").at(-1)!;
  const nearest = closest(name, DATA_NAMES);
  const advice = distance(name, nearest) <= 2 ? ` Did you mean "${nearest}"?` : "";
  return `Expected --data to be ${DATA_NAMES.join(", ")}, or a file or folder, but there is nothing at ${path}.${advice}`;
}

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { UsageError } from "../../errors.js";
import { isFolder, pathError, readUserFile } from "../../paths.js";
import { labelled, type Dataset, type DataSplit } from "../dataset.js";
import { makeSplit } from "../in-memory.js";
import { decodeImage, resized } from "./image.js";
import { expectHeeded, sidesOf, type FileOptions } from "./options.js";
import { shuffled } from "./tables.js";

const READ = /\.(png|jpe?g)$/i;
const NOT_READ = /\.(gif|bmp|webp|tiff?|avif|heic|svg|ppm|pgm)$/i;

const TRAINING = ["train", "training"];
const TEST = ["test", "testing", "val", "valid", "validation"];

/** The files of each class of one part of a folder. */
interface Part {
  readonly folder: string;
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/** Images to train on or to test with, and whether any has colours. */
interface Decoded {
  readonly rgb: Uint8Array;
  readonly labels: Int32Array;
  readonly isColoured: boolean;
}

/**
 * Data of images in a folder for each class, `ROOT/CLASS/*.png`, or `ROOT/train/CLASS` and `ROOT/test/CLASS`. Classes are
 * numbered in the order of their names. Where all images are grey, samples have one channel, else three.
 * @throws UsageError that names the file
 */
export async function loadImageFolder(root: string, options: FileOptions): Promise<DataSplit> {
  expectHeeded(options, ["imageSize", "task"], "a folder of images");
  if (options.task === "regression") {
    throw new UsageError(`Expected --task classification for images in folders by class, got regression.`);
  }
  const parts = await partsOf(root);
  const names = [...parts[0]!.classes.keys()];
  for (const { folder, classes } of parts) {
    const unknown = [...classes.keys()].find((name) => !names.includes(name));
    if (unknown === undefined) continue;
    throw new UsageError(`Expected the classes of ${parts[0]!.folder} in ${folder}, got "${unknown}".`);
  }
  const size: Size = { asked: options.imageSize && sidesOf(options.imageSize), found: undefined };
  const decoded: Decoded[] = [];
  for (const part of parts) decoded.push(await decodePart(part, names, size));
  const [height, width] = size.asked ?? size.found!.sides;
  const isColoured = decoded.some((part) => part.isColoured);
  const datasets = decoded.map(({ rgb, labels }): Dataset => {
    const dataset = labelled({
      features: isColoured ? rgb : rgb.filter((_, i) => i % 3 === 0),
      labels,
      sampleShape: [height, width, isColoured ? 3 : 1],
      classes: names.length,
    });
    return { ...dataset, targets: dataset.targets.map((target) => ({ ...target, names })) };
  });
  // By class, as they are read, the last share would be of the last classes.
  return makeSplit(basename(root), datasets[1] ? datasets[0]! : shuffled(datasets[0]!), datasets[1]);
}

interface Size {
  readonly asked: readonly [number, number] | undefined;
  /** Of the first image, where none is asked for. */
  found: { readonly sides: readonly [number, number]; readonly path: string } | undefined;
}

async function decodePart({ classes }: Part, names: readonly string[], size: Size): Promise<Decoded> {
  const files = names.flatMap((name, label) => (classes.get(name) ?? []).map((path) => ({ path, label })));
  let rgb: Uint8Array | undefined;
  let isColoured = false;
  for (const [i, { path }] of files.entries()) {
    const image = decodeImage(await readUserFile(path, "an image"), path);
    if (!size.asked) expectSize([image.height, image.width], path, size);
    const [height, width] = size.asked ?? size.found!.sides;
    const pixels = resized(image, height, width).rgb;
    rgb ??= new Uint8Array(files.length * pixels.length);
    rgb.set(pixels, i * pixels.length);
    for (let j = 0; j < pixels.length && !isColoured; j += 3) {
      isColoured = pixels[j] !== pixels[j + 1] || pixels[j] !== pixels[j + 2];
    }
  }
  return { rgb: rgb!, labels: Int32Array.from(files, ({ label }) => label), isColoured };
}

function expectSize(sides: readonly [number, number], path: string, size: Size): void {
  size.found ??= { sides, path };
  const [height, width] = size.found.sides;
  if (sides[0] === height && sides[1] === width) return;
  throw new UsageError(
    `Expected images of one size, got ${height} × ${width} pixels in ${size.found.path} and ${sides[0]} × ${sides[1]} in ${path}. ` +
      `Say one with --image-size HEIGHT,WIDTH: the images are then resized.`,
  );
}

async function partsOf(root: string): Promise<Part[]> {
  const folders = await foldersIn(root);
  const among = (names: readonly string[]) => folders.find((name) => names.includes(name.toLowerCase()));
  const [train, test] = [among(TRAINING), among(TEST)];
  if (train === undefined) return [await partOf(root)];
  const parts = [await partOf(join(root, train))];
  if (test !== undefined) parts.push(await partOf(join(root, test), 1));
  return parts;
}

/** @throws UsageError where there are not `least` classes with images */
async function partOf(folder: string, least = 2): Promise<Part> {
  const classes = new Map<string, string[]>();
  for (const name of await foldersIn(folder)) {
    const files = (await readdir(join(folder, name), { recursive: true })).sort();
    const other = files.find((file) => NOT_READ.test(file));
    if (other !== undefined) {
      throw new UsageError(
        `Expected PNG and JPEG images, got ${join(folder, name, other)}. Convert it, or take it out.`,
      );
    }
    const images = files.filter((file) => READ.test(file) && !basename(file).startsWith("."));
    if (images.length === 0) {
      throw new UsageError(`Expected PNG or JPEG images of a class in ${join(folder, name)}, found none.`);
    }
    classes.set(
      name,
      images.map((file) => join(folder, name, file)),
    );
  }
  if (classes.size >= least) return { folder, classes };
  throw new UsageError(
    `Expected a folder for each class in ${folder}, ${least} at least, got ${[...classes.keys()].join(", ") || "none"}.`,
  );
}

/** In the order of their names; links to folders are such. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw pathError(`a folder of data at ${folder}`, error);
  });
  const folders: string[] = [];
  for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
    const isLinked = entry.isSymbolicLink() && (await isFolder(join(folder, entry.name)));
    if (entry.isDirectory() || isLinked) folders.push(entry.name);
  }
  return folders.sort();
}

import { UsageError } from "../errors.js";
import { readMaybeGzip } from "./files.js";
import { labelled, type Dataset } from "./dataset.js";

/** An array of unsigned bytes, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an idx file, plain or gzip: two zero bytes, the element type, the number of dimensions, each dimension as a
 * big-endian 32-bit number, then the elements (http://yann.lecun.com/exdb/mnist). Elements must be unsigned bytes,
 * the only type the MNIST family uses. UsageError where the file is missing, damaged or of another kind.
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const bytes = await readMaybeGzip(path);
  const [zero0, zero1, type, rank] = bytes;
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || rank === undefined || rank === 0) {
    throw new UsageError(
      `Expected ${path} to start with the idx magic number 00 00 08 and a dimension count, found ${hex(bytes.subarray(0, 4))}.${isPage(bytes) ? " That is a web page, saved in its place: fetch the file again." : ""}`,
    );
  }
  if (type !== UNSIGNED_BYTE) {
    throw new UsageError(
      `Expected ${path} to hold unsigned bytes (idx type 08), found idx type ${hex([type])}.`,
    );
  }
  const headerLength = 4 + 4 * rank;
  if (bytes.length < headerLength) {
    throw new UsageError(
      `Expected ${path} to have a header of ${headerLength} bytes for its ${rank} dimensions, found ${bytes.length} bytes in all: it is truncated. Fetch it again.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, length) => product * length, 1);
  const found = bytes.length - headerLength;
  if (found !== expected) {
    const reason = found < expected ? "is truncated" : "has trailing bytes";
    throw new UsageError(
      `Expected ${path} to hold ${shape.join(" × ")} = ${expected} bytes after its header, found ${found}: it ${reason}. Fetch it again.`,
    );
  }
  return { shape, data: bytes.subarray(headerLength) };
}

export interface IdxOptions {
  /** Whether the images lie on their side, as EMNIST's do. */
  readonly transposed?: boolean;
  /** What labels count from. */
  readonly firstLabel?: number;
}

/** Images (count, height, width) and their labels (count) as a Dataset of samples (height, width, 1). */
export async function readIdxPair(
  imagesPath: string,
  labelsPath: string,
  classes: number,
  { transposed = false, firstLabel = 0 }: IdxOptions = {},
): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdx(imagesPath), readIdx(labelsPath)]);
  expectRank(images, 3, "images", imagesPath);
  expectRank(labels, 1, "labels", labelsPath);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new UsageError(
      `Expected one label per image, found ${count} images in ${imagesPath} and ${labels.data.length} labels in ${labelsPath}.`,
    );
  }
  if (count === 0) throw new UsageError(`Expected samples in ${imagesPath}, found none: it is empty.`);
  const wrong = labels.data.findIndex((label) => label < firstLabel || label >= firstLabel + classes);
  if (wrong >= 0) {
    throw new UsageError(
      `Expected labels from ${firstLabel} to ${firstLabel + classes - 1} in ${labelsPath}, found ${labels.data[wrong]!} at index ${wrong}.${firstLabel > 0 || labels.data.includes(0) ? "" : " They count from 1: subtract one from each."}`,
    );
  }
  return labelled({
    features: transposed ? turned(images.data, height, width) : images.data,
    labels: Int32Array.from(labels.data, (label) => label - firstLabel),
    sampleShape: transposed ? [width, height, 1] : [height, width, 1],
    classes,
  });
}

/** Images (count, height, width) → (count, width, height) */
function turned(images: Uint8Array, height: number, width: number): Uint8Array {
  const out = new Uint8Array(images.length);
  const size = height * width;
  for (let from = 0; from < images.length; from += size) {
    for (let i = 0; i < size; i++)
      out[from + (i % width) * height + Math.floor(i / width)] = images[from + i]!;
  }
  return out;
}

function expectRank(array: IdxArray, rank: number, what: string, path: string): void {
  if (array.shape.length === rank) return;
  throw new UsageError(
    `Expected ${path} to hold ${what} (an idx array of ${rank} ${rank === 1 ? "dimension" : "dimensions"}), found shape ${array.shape.join(" × ")}.`,
  );
}

function isPage(bytes: Uint8Array): boolean {
  return /^\s*<(!doctype|html|\?xml)/i.test(Buffer.from(bytes.subarray(0, 100)).toString("latin1"));
}

function hex(bytes: ArrayLike<number>): string {
  if (bytes.length === 0) return "an empty file";
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

import { UsageError } from "../errors.js";
import { readMaybeGzip } from "./files.js";
import { labelled, type Dataset } from "./dataset.js";
import { sources } from "./sources.js";

const { sampleShape } = sources.cifar10;
const [HEIGHT, WIDTH, CHANNELS] = sampleShape;
const PLANE = HEIGHT * WIDTH;
const SAMPLE = CHANNELS * PLANE;

/**
 * Reads files of CIFAR's binary version, plain or gzip, one after the other into one Dataset of samples (32, 32, 3). A
 * record is its labels (of CIFAR-100 two, the fine one last) and three colour planes of 32×32 bytes; the size of a file
 * implies its count. UsageError where a file is missing, damaged or not of this kind.
 */
export async function readCifar(name: "cifar10" | "cifar100", paths: readonly string[]): Promise<Dataset> {
  const { title, classes, format } = sources[name];
  const recordBytes = format.labels + SAMPLE;
  const files = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readMaybeGzip(path);
      if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
        throw new UsageError(
          `Expected ${path} to hold records of ${recordBytes} bytes (${title}), found ${bytes.length} bytes, ` +
            `${Math.floor(bytes.length / recordBytes)} records and ${bytes.length % recordBytes} bytes over: it is truncated or of another kind. Fetch it again.`,
        );
      }
      return { path, bytes, count: bytes.length / recordBytes };
    }),
  );
  const count = files.reduce((sum, file) => sum + file.count, 0);
  const features = new Uint8Array(count * SAMPLE);
  const labels = new Int32Array(count);
  let sample = 0;
  for (const file of files) {
    for (let record = 0; record < file.count; record++, sample++) {
      const start = record * recordBytes;
      const label = file.bytes[start + format.labels - 1]!;
      if (label >= classes) {
        throw new UsageError(
          `Expected labels from 0 to ${classes - 1} in ${file.path}, found ${label} in record ${record}. Is it ${title}?`,
        );
      }
      labels[sample] = label;
      planesToChannelsLast(file.bytes, start + format.labels, features, sample * SAMPLE);
    }
  }
  return labelled({ features, labels, sampleShape, classes });
}

/** (3, 32, 32) at source[from…] → (32, 32, 3) at target[to…] */
function planesToChannelsLast(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < PLANE; pixel++, to += CHANNELS) {
    target[to] = source[from + pixel]!;
    target[to + 1] = source[from + PLANE + pixel]!;
    target[to + 2] = source[from + 2 * PLANE + pixel]!;
  }
}

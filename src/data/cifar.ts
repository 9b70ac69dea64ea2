import { UsageError } from "../errors.js";
import { readMaybeGzip } from "./files.js";
import { labelled, type Dataset } from "./dataset.js";
import { sources } from "./sources.js";

const { sampleShape, classes } = sources.cifar10;
const [HEIGHT, WIDTH, CHANNELS] = sampleShape;
const PLANE = HEIGHT * WIDTH;
const SAMPLE = CHANNELS * PLANE;
const RECORD = 1 + SAMPLE;

/**
 * Reads CIFAR-10 files of the binary version, plain or gzip, one after the other into one Dataset of samples
 * (32, 32, 3). A record is a label byte and three colour planes of 32×32 bytes; the size of a file implies its count.
 * UsageError where a file is missing, damaged or not of this kind.
 */
export async function readCifar10(paths: readonly string[]): Promise<Dataset> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readMaybeGzip(path);
      if (bytes.length === 0 || bytes.length % RECORD !== 0) {
        throw new UsageError(
          `Expected ${path} to hold records of ${RECORD} bytes (CIFAR-10 binary version), found ${bytes.length} bytes, ` +
            `${Math.floor(bytes.length / RECORD)} records and ${bytes.length % RECORD} bytes over: it is truncated or of another kind. Fetch it again.`,
        );
      }
      return { path, bytes, count: bytes.length / RECORD };
    }),
  );
  const count = files.reduce((sum, file) => sum + file.count, 0);
  const features = new Uint8Array(count * SAMPLE);
  const labels = new Int32Array(count);
  let sample = 0;
  for (const file of files) {
    for (let record = 0; record < file.count; record++, sample++) {
      const start = record * RECORD;
      const label = file.bytes[start]!;
      if (label >= classes) {
        throw new UsageError(
          `Expected labels from 0 to ${classes - 1} in ${file.path}, found ${label} in record ${record}. Is it the binary version of CIFAR-10?`,
        );
      }
      labels[sample] = label;
      planesToChannelsLast(file.bytes, start + 1, features, sample * SAMPLE);
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

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** MNIST's first images or labels as they lie in APTS_DATA_DIR, gzip. @param part train or t10k */
function bytes(part, what, header) {
  const path = `${process.env["APTS_DATA_DIR"]}/mnist/${part}-${what}-ubyte.gz`;
  return gunzipSync(readFileSync(path)).subarray(header);
}

export const images = (part, count) =>
  new Uint8Array(bytes(part, "images-idx3", 16).subarray(0, 784 * count));
export const labels = (part, count) => [...bytes(part, "labels-idx1", 8).subarray(0, count)];

import { decode as decodeJpeg } from "jpeg-js";
import { PNG } from "pngjs";
import { UsageError } from "../../errors.js";

/** Pixels by rows: red, green, blue. */
export interface Image {
  readonly height: number;
  readonly width: number;
  readonly rgb: Uint8Array;
}

/** What a JPEG may take while it is decoded, in MB. */
const JPEG_MEMORY = 1024;

/**
 * A PNG or JPEG, told by its first bytes. Transparency is left out, as by PIL's `convert("RGB")`; of 16 bits the upper 8 stay.
 * @throws UsageError
 */
export function decodeImage(bytes: Buffer, path: string): Image {
  try {
    if (bytes.readUInt32BE(0) === 0x89504e47) {
      const { width, height, data } = PNG.sync.read(bytes);
      const rgb = new Uint8Array(3 * width * height);
      for (let pixel = 0; pixel < width * height; pixel++) {
        for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = data[4 * pixel + c]!;
      }
      return { width, height, rgb };
    }
    const options = { useTArray: true, formatAsRGBA: false, maxMemoryUsageInMB: JPEG_MEMORY } as const;
    const { width, height, data } = decodeJpeg(bytes, options);
    return { width, height, rgb: data };
  } catch (error) {
    throw new UsageError(
      `Expected ${path} to be a whole PNG or JPEG, but: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
}

/** The image in another size, by a triangle filter that is as wide as the pixels it takes together (PIL's BILINEAR). */
export function resized({ height, width, rgb }: Image, toHeight: number, toWidth: number): Image {
  if (height === toHeight && width === toWidth) return { height, width, rgb };
  const rows = along(Float32Array.from(rgb), [height, width * 3], tapsFor(height, toHeight));
  // With columns first, columns are made as rows are.
  const turned = transposed(rows, toHeight, width);
  const columns = along(turned, [width, toHeight * 3], tapsFor(width, toWidth));
  const out = transposed(columns, toWidth, toHeight);
  return {
    height: toHeight,
    width: toWidth,
    rgb: Uint8Array.from(out, (value) => Math.min(255, Math.max(0, Math.round(value)))),
  };
}

interface Taps {
  readonly first: number;
  /** They add to 1. */
  readonly weights: readonly number[];
}

/** What each of `to` places takes of `from` ones along a side. */
function tapsFor(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const last = Math.min(from, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: last - first }, (_, j) =>
      Math.max(0, 1 - Math.abs((first + j + 0.5 - centre) / reach)),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** Each row of the result a weighted sum of rows of `values` (rows, size). */
function along(
  values: Float32Array,
  [, size]: readonly [number, number],
  taps: readonly Taps[],
): Float32Array {
  const out = new Float32Array(taps.length * size);
  taps.forEach(({ first, weights }, row) => {
    weights.forEach((weight, i) => {
      const from = (first + i) * size;
      for (let j = 0; j < size; j++) out[row * size + j]! += weight * values[from + j]!;
    });
  });
  return out;
}

/** (height, width, 3) → (width, height, 3) */
function transposed(values: Float32Array, height: number, width: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) out[3 * (x * height + y) + c] = values[3 * (y * width + x) + c]!;
    }
  }
  return out;
}

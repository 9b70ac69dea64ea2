import { UsageError } from "../../errors.js";

/** What a user may say of a file of data. */
export interface FileOptions {
  /** The column to predict, by its name or its number from 1 on; beside a `.npy` file, that of what is to be predicted. */
  readonly label?: string | undefined;
  /** What the label is; where it is not said, the values tell. */
  readonly task?: Task | undefined;
  /** Height and width of the images. */
  readonly imageSize?: readonly number[] | undefined;
}

export const TASKS = ["classification", "regression"] as const;
export type Task = (typeof TASKS)[number];

const WRITTEN: Readonly<Record<keyof FileOptions, string>> = {
  label: "--label",
  task: "--task",
  imageSize: "--image-size",
};

/**
 * Makes sure that nothing is said which a kind of data does not heed.
 * @param heeded the options that it does
 * @param what the data, as the message calls them: "a .npz file"
 * @throws UsageError
 */
export function expectHeeded(
  options: FileOptions,
  heeded: readonly (keyof FileOptions)[],
  what: string,
): void {
  for (const [name, written] of Object.entries(WRITTEN) as [keyof FileOptions, string][]) {
    if (options[name] === undefined || heeded.includes(name)) continue;
    throw new UsageError(`Expected no ${written} for ${what}, which has no use for it. Leave it out.`);
  }
}

/** @throws UsageError where the size is not a height and a width */
export function sidesOf(size: readonly number[]): readonly [number, number] {
  if (size.length === 2) return size as [number, number];
  throw new UsageError(
    `Expected --image-size to be a height and a width, as in 32,32, got ${size.join(",")}.`,
  );
}

/**
 * The shape of samples that are rows of so many numbers: images of the size that is said, else as they are.
 * @throws UsageError where they do not make such images
 */
export function imageShape(
  shape: readonly number[],
  imageSize: readonly number[] | undefined,
  path: string,
): readonly number[] {
  if (!imageSize) return shape;
  const [height, width] = sidesOf(imageSize);
  const size = shape.reduce((product, side) => product * side, 1);
  const channels = size / (height * width);
  const isShaped = shape.length === 3 && (shape[0] !== height || shape[1] !== width);
  if (Number.isInteger(channels) && channels >= 1 && channels <= 4 && !isShaped)
    return [height, width, channels];
  throw new UsageError(
    `Expected samples of ${height} × ${width} pixels in ${path}, as --image-size says, got ${shape.join(" × ")} numbers each.`,
  );
}

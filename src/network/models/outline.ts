import type { TensorSlot } from "../layout.js";
import type { GptShape } from "./gpt.js";
import type { ModelName } from "./names.js";

/** What decides the trainable tensors of a built-in network. */
export interface Widths extends GptShape {
  readonly hidden: readonly number[];
  readonly channels: readonly number[];
  readonly classes: number;
  /** The length of a sample of text. */
  readonly block: number;
}

/**
 * The trainable tensors of a built-in network by layer, without TensorFlow.js: of each only the last side, its units, as
 * if it had no others. As many subdomains as these make, the network makes, and no more.
 */
export function outline(model: ModelName, widths: Widths): TensorSlot[] {
  const { hidden, channels, classes, block } = widths;
  const dense = [...hidden, classes].map((units) => [units, units]); // kernel, bias
  switch (model) {
    case "fcnn":
      return slots(dense);
    case "cnn":
      return slots([...channels.map((filters) => [filters, filters]), ...dense]);
    case "resnet18":
    case "resnet18-cifar":
      return slots([
        ...resnetConvolutions().flatMap((filters) => [[filters], [filters, filters]]),
        [classes, classes],
      ]);
    case "gpt":
      return gptOutline(block, classes, widths);
    default:
      return model satisfies never;
  }
}

function gptOutline(block: number, vocabulary: number, { layers, heads, width }: GptShape): TensorSlot[] {
  const twice = (units: number) => [units, units]; // kernel, bias; or the two of a normalisation
  const head = Array.from({ length: 3 }, () => twice(width / heads));
  const layer = [
    twice(width),
    ...Array.from({ length: heads }, () => head).flat(),
    ...[width, width, 4 * width, width].map(twice),
  ];
  return slots([
    [width],
    [1, block * width], // positions: factors are a filter for each channel of one pixel
    ...Array.from({ length: layers }, () => layer).flat(),
    twice(width),
    twice(vocabulary),
  ]);
}

/** The channels of each convolution: the stem, two blocks of two in each stage, shortcuts where the channels change. */
function resnetConvolutions(): number[] {
  const stages = [64, 128, 256, 512].flatMap((channels, stage) =>
    Array.from({ length: stage === 0 ? 4 : 5 }, () => channels),
  );
  return [64, ...stages];
}

function slots(layers: readonly (readonly number[])[]): TensorSlot[] {
  const tensors = layers.flatMap((units, layer) => units.map((size) => ({ size, layer })));
  let end = 0;
  return tensors.map(({ size, layer }, i) => {
    end += size;
    return { name: `tensor ${i}`, shape: [size], offset: end - size, size, layer };
  });
}

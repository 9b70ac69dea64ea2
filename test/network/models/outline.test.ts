import { beforeAll, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { Random } from "../../../src/random.js";
import type { TensorSlot } from "../../../src/network/layout.js";
import { buildModel } from "../../../src/network/build.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { MODEL_NAMES } from "../../../src/network/models/names.js";
import { outline } from "../../../src/network/models/outline.js";

beforeAll(() => tf.setBackend("cpu"));

it.each(MODEL_NAMES)(
  "the tensors of %s, their layers and units, are known without building it",
  async (name) => {
    const choice = {
      model: name,
      hidden: [5, 7],
      channels: [3, 4, 6],
      layers: 2,
      heads: 2,
      width: 8,
      seed: 0,
    };
    const { model } = await buildModel(
      choice,
      name === "gpt"
        ? { name: "text", inputs: [{ shape: [6] }], targets: [{ shape: [6], classes: 4 }] }
        : { name: "images", inputs: [{ shape: [32, 32, 3] }], targets: [{ shape: [], classes: 4 }] },
      new Random(0),
    );
    const { slots } = layoutOf(model).layout;
    const told = outline(name, { ...choice, classes: 4, block: 6 });
    expect(told.length).toBe(slots.length);
    expect(unitsByLayer(told)).toEqual(unitsByLayer(slots));
    model.dispose();
  },
);

/** The units of each layer's tensors; layers side by side may come in any order. */
function unitsByLayer(slots: readonly TensorSlot[]): string[] {
  const layers = [...new Set(slots.map(({ layer }) => layer))];
  return layers
    .map((layer) => slots.flatMap((slot) => (slot.layer === layer ? [slot.shape.at(-1)] : [])).join(" "))
    .sort();
}

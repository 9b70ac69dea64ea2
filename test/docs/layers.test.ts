import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { layerBuilders } from "../../src/network/compiled/layers/layers.js";

const page = readFileSync(fileURLToPath(new URL("../../docs/compute.md", import.meta.url)), "utf8");

/** Models, inputs, and what only recurrent layers hold. */
const NO_LAYERS = /^(InputLayer|Model|Functional|Sequential|StackedRNNCells|.*Cell)$/;

interface Registered {
  readonly prototype: unknown;
}

/** The names of all layers that TensorFlow.js has, in alphabetical order. */
function layerNames(): string[] {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const classes = Object.entries(classNameMap) as unknown as [string, readonly [Registered]][];
  return classes
    .filter(([name, [{ prototype }]]) => prototype instanceof tf.layers.Layer && !NO_LAYERS.test(name))
    .map(([name]) => name)
    .sort();
}

/** The names that the list in docs/compute.md behind `title` has. */
function listed(title: string): string[] {
  const [, list] = page.split(`${title}: `);
  return [...(list ?? "").split("\n\n")[0]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
}

describe("the lists of layers in docs/compute.md", () => {
  it("have all layers of TensorFlow.js, where they are", () => {
    const names = layerNames();
    expect(names).toContain("Dense");
    const isCompiled = (name: string) => name in layerBuilders;
    expect(listed("Compiled layers")).toEqual(names.filter(isCompiled));
    expect(listed("Layers of TensorFlow.js")).toEqual(names.filter((name) => !isCompiled(name)));
    expect(Object.keys(layerBuilders).filter((name) => !names.includes(name))).toEqual([]);
  });
});

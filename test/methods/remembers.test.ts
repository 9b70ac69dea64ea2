import { describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/config/resolve.js";
import type { State } from "../../src/methods/method.js";
import { methods } from "../../src/methods/registry.js";
import { createMethod } from "../helpers/methods/steps.js";
import { evenSplit, TestProblem, trigonometric } from "../helpers/objectives.js";

/*
 * What the memory of a rank is planned with (docs/stages.md) is what a method's state really holds.
 */

const f = trigonometric(400);
const decomposition = evenSplit(f.dimension, 2);
/** Until everything that is remembered for some steps is there. */
const STEPS = 40;
const PAIRS = 3;

/** Bytes of all vectors in a state beside θ, each memory once, in vectors as long as θ. */
function vectorsIn({ theta, ...others }: State): number {
  const seen = new Set<ArrayBufferLike>([theta.buffer]);
  const bytesOf = (value: unknown): number => {
    if (ArrayBuffer.isView(value)) {
      if (seen.has(value.buffer)) return 0;
      seen.add(value.buffer);
      return value.byteLength;
    }
    if (typeof value !== "object" || value === null) return 0;
    return Object.values(value).reduce((sum: number, entry) => sum + bytesOf(entry), 0);
  };
  return bytesOf(others) / theta.byteLength;
}

const cases = methods.flatMap(({ name, options, presets = {} }) => {
  const directions = options["direction"]?.choices ?? [undefined];
  const given: Readonly<Record<string, unknown>>[] = [
    ...directions.map((direction) => ({ ...(direction && { direction }) })),
    ...Object.values(presets),
    ...("momentum" in options ? [{ momentum: 0 }] : []),
  ];
  return given.flatMap((own) =>
    [true, false].map((fullBatch) => ({
      name,
      fullBatch,
      label: `${name} ${JSON.stringify(own)} on ${fullBatch ? "the full batch" : "mini-batches"}`,
      // Another number of pairs asks for no walk.
      options: { ...(own["direction"] === "l-sr1" && { pairs: PAIRS }), ...own },
    })),
  );
});

describe.each(cases)("$label", ({ name, fullBatch, options }) => {
  it("holds as many vectors as it says, at most", async () => {
    const description = methods.find((method) => method.name === name)!;
    expect(description).toHaveProperty("remembers");
    const method = createMethod(name, options, { decomposition, fullBatch });
    let state = method.start(Float32Array.from(f.start));
    let most = vectorsIn(state);
    for (let k = 0; k < STEPS; k++) {
      const problem = new TestProblem(f, decomposition, fullBatch ? "all" : `batch ${k % 4}`);
      ({ state } = await method.step(state, problem));
      most = Math.max(most, vectorsIn(state));
    }
    const values = resolveOptions(description.options, [{ source: { kind: "program" }, values: options }]);
    const said = description.remembers!(values);
    expect(Math.floor(most)).toBeLessThanOrEqual(said);
    expect(said - most).toBeLessThan(2.1); // and not much more than it has: of `adam` what walks take is counted
  });
});

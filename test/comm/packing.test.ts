import { expect, it } from "vitest";
import { packObject, unpackObject } from "../../src/comm/packing.js";

const through = (value: unknown): unknown => unpackObject(packObject(value));

it("keeps the sign of zero, wherever it stands", () => {
  for (const value of [-0, [1, -0], { a: { b: [-0, 0, NaN] } }, new Float32Array([-0])])
    expect(through(value)).toEqual(value); // of 0 and −0 only one
});

it("keeps what is there twice one", () => {
  const one = { zero: -0 };
  const twice = through({ a: one, b: one }) as { a: object; b: object };
  expect(twice.a).toBe(twice.b);
});

import { describe, expect, it } from "vitest";
import { byNeurons } from "../../src/decomposition/neurons.js";
import { Restriction } from "../../src/linalg/restriction.js";
import type { TensorSlot } from "../../src/network/layout.js";
import { partsOf, wholeTensors } from "../../src/network/tensor-part.js";

const shapes = [[5, 6], [6], [6, 4], [4]];
let offset = 0;
const slots: TensorSlot[] = shapes.map((shape, layer) => {
  const size = shape.reduce((a, b) => a * b, 1);
  offset += size;
  return { name: `t${layer}`, shape, offset: offset - size, size, layer };
});
const layout = { slots, dimension: offset };

describe("partsOf", () => {
  it("finds the units that a subdomain of neurons owns", () => {
    const { subdomains } = byNeurons(slots, 3);
    expect(partsOf(subdomains[1]!, layout)).toEqual([
      { tensor: 0, from: 2, to: 4 },
      { tensor: 1, from: 2, to: 4 },
      { tensor: 2, from: 1, to: 2 },
      { tensor: 3, from: 1, to: 2 },
    ]);
  });

  it("takes whole tensors whole, and nothing of the others", () => {
    const run = (i: number) => ({ start: slots[i]!.offset, end: slots[i]!.offset + slots[i]!.size });
    expect(partsOf(new Restriction([run(1), run(2)]), layout)).toEqual(wholeTensors(layout).slice(1, 3));
  });

  it("takes a tensor whole where a run goes on in the next row", () => {
    expect(partsOf(new Restriction([{ start: 4, end: 8 }]), layout)).toEqual([{ tensor: 0, from: 0, to: 6 }]);
  });
});

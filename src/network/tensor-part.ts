import type { Restriction } from "../linalg/restriction.js";
import type { ParameterLayout } from "./layout.js";

/** Some units of a parameter tensor: the columns [from, to) of its last axis. */
export interface TensorPart {
  /** Its number in the layout. */
  readonly tensor: number;
  readonly from: number;
  readonly to: number;
}

const wholes = new WeakMap<ParameterLayout, readonly TensorPart[]>();

/** All tensors, whole: of one layout always the same array. */
export function wholeTensors(layout: ParameterLayout): readonly TensorPart[] {
  let parts = wholes.get(layout);
  if (parts === undefined) {
    parts = layout.slots.map(({ shape, size }, tensor) => ({ tensor, from: 0, to: shape.at(-1) ?? size }));
    wholes.set(layout, parts);
  }
  return parts;
}

/** The least parts of tensors that cover all entries of θ which a subdomain owns. */
export function partsOf({ runs }: Restriction, layout: ParameterLayout): TensorPart[] {
  return wholeTensors(layout).flatMap((whole) => {
    const { offset, size } = layout.slots[whole.tensor]!;
    const width = whole.to;
    let [from, to] = [width, 0];
    for (const run of runs) {
      const [start, end] = [Math.max(run.start, offset) - offset, Math.min(run.end, offset + size) - offset];
      if (start >= end) continue;
      const column = start % width;
      if (column + end - start > width) return [whole]; // goes on in the next row
      from = Math.min(from, column);
      to = Math.max(to, column + end - start);
    }
    return from < to ? [{ ...whole, from, to }] : [];
  });
}

import type { Restriction } from "../linalg/restriction.js";
import type { ParameterLayout } from "./layout.js";

/** Some units of a parameter tensor: the columns [from, to) of its last axis. */
export interface TensorPart {
  /** Its number in the layout. */
  readonly tensor: number;
  readonly from: number;
  readonly to: number;
}

/** All tensors, whole. */
export function wholeTensors({ slots }: ParameterLayout): TensorPart[] {
  return slots.map(({ shape, size }, tensor) => ({ tensor, from: 0, to: shape.at(-1) ?? size }));
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

import { tf } from "../../compute/tensorflow.js";
import type { Loss } from "./loss.js";

/**
 * ⟨c, p⟩ over all of a sample's numbers, c the targets: what a stage of a network minimises where other stages follow
 * (docs/algorithms.md §6.2). Its gradient by p is c. A row is a whole sample. Nobody can ask for it by name.
 */
export const innerProduct: Loss = {
  name: "innerProduct",
  targets: "numbers",
  ofRow: (c, cAt, p, pAt, width, scale, g, gAt) => {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const cj = c[cAt + j]!;
      sum += cj * p[pAt + j]!;
      if (g) g[gAt + j] = scale * cj;
    }
    return sum;
  },
  ofTensors: (c, p) => {
    const axes = Array.from({ length: p.rank - 1 }, (_, i) => i + 1);
    return tf.sum(tf.mul(c, p), axes);
  },
};

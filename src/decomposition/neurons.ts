import { UsageError } from "../errors.js";
import type { Decomposition } from "./decomposition.js";
import { joinRuns, Restriction, type IndexRun } from "../linalg/restriction.js";
import type { TensorSlot } from "../network/layout.js";

/**
 * Every layer's output units, with their weights and biases, are cut in N equal runs, so that each subdomain owns a
 * balanced slice of every tensor (docs/algorithms.md §5). Output units are the last axis of a kernel (in, out) or
 * (height, width, in, out), and of a bias (out): a slice of a kernel is one run for each of its rows.
 *
 * A layer with fewer units than N leaves some subdomains without a part of it.
 *
 * @throws UsageError where a subdomain would own nothing
 */
export function byNeurons(tensors: readonly TensorSlot[], count: number): Decomposition {
  const widest = Math.max(...tensors.map(units));
  if (count > widest) {
    throw new UsageError(
      `Expected at most ${widest} subdomains, the units of the widest layer, got ${count}. ` +
        `Use --subdomains ${widest} or fewer.`,
    );
  }
  return {
    name: "neurons",
    dimension: tensors.reduce((sum, tensor) => sum + tensor.size, 0),
    subdomains: Array.from(
      { length: count },
      (_, part) => new Restriction(joinRuns(tensors.flatMap((tensor) => columns(tensor, part, count)))),
    ),
  };
}

function units(tensor: TensorSlot): number {
  return tensor.shape.at(-1) ?? 1;
}

/** The runs of columns [⌊width·part/count⌋, ⌊width·(part+1)/count⌋) of a (rows, width) tensor. */
function columns(tensor: TensorSlot, part: number, count: number): IndexRun[] {
  const width = units(tensor);
  const from = Math.floor((width * part) / count);
  const to = Math.floor((width * (part + 1)) / count);
  return Array.from({ length: tensor.size / width }, (_, row) => ({
    start: tensor.offset + row * width + from,
    end: tensor.offset + row * width + to,
  }));
}

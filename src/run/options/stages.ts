import { UsageError } from "../../errors.js";
import type { MethodDescription } from "../../methods/description.js";

/** What the options say of stages. */
interface Asked {
  readonly stages: number | undefined;
  readonly cut: string | undefined;
  readonly microBatches: number | undefined;
  readonly objective: string | undefined;
  readonly subdomains: number | undefined;
}

/**
 * In how many stages the network is cut (docs/algorithms.md §6).
 * @throws UsageError where that does not go together with ranks or method
 */
export function stagesOf(asked: Asked, method: MethodDescription, ranks: number): number {
  const { cut, microBatches } = asked;
  const ends = cut === undefined ? undefined : endsOf(cut);
  const stages = ends ? ends.length + 1 : (asked.stages ?? (method.stages ? ranks : 1));
  if (ends && asked.stages !== undefined && asked.stages !== stages) {
    throw new UsageError(
      `Expected as many stages as --cut ${cut!} makes, ${stages}, got --stages ${asked.stages}. Leave one of the two out.`,
    );
  }
  if (ranks % stages !== 0) {
    throw new UsageError(
      `Expected --ranks to be a multiple of ${stages}, the number of stages, got ${ranks}. ` +
        `Give --ranks ${Math.ceil(ranks / stages) * stages}, or other --stages.`,
    );
  }
  if (stages === 1) {
    if (microBatches === undefined) return stages;
    throw new UsageError(
      `Expected no --micro-batches where the network is whole on every rank, got ${microBatches}. Leave it out, or give --stages.`,
    );
  }
  if (method.decomposes) {
    throw new UsageError(
      `Expected a method that can train a network in stages, got ${method.name}, whose subdomains take the whole network. ` +
        "Give --method iapts, whose subdomains are the stages, or leave --stages out.",
    );
  }
  if (method.shards) {
    throw new UsageError(
      `Expected a method that can train a network in stages, got ${method.name}, whose shards take the whole network. Leave --stages out.`,
    );
  }
  if (asked.subdomains !== undefined && asked.subdomains !== stages) {
    throw new UsageError(
      `Expected as many subdomains as stages, ${stages}, since these are the subdomains, got --subdomains ${asked.subdomains}. Leave it out.`,
    );
  }
  if (asked.objective !== undefined) {
    throw new UsageError(
      `Expected losses of the outputs with --stages, got --objective ${asked.objective}, which takes the whole network. Leave one of the two out.`,
    );
  }
  return stages;
}

/** The layers that --cut names. */
export function endsOf(cut: string): string[] {
  return cut.split(",").map((name) => name.trim());
}

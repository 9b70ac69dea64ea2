import { UsageError } from "../errors.js";
import { isSource, type Declaration } from "../network/goal/declared.js";
import type { OwnObjective } from "../network/goal/goal.js";
import { importUserModule } from "../paths.js";
import type { TrainConfig } from "./options/config.js";

/**
 * What a run is told to minimise and measure, before what its model declares: by its options, then by its program.
 * @throws UsageError
 */
export async function declarationsOf(
  { loss, metrics }: Pick<TrainConfig, "loss" | "metrics">,
  program: Declaration | undefined,
): Promise<Declaration[]> {
  const options: Declaration = {
    loss: loss === undefined ? undefined : await lossOf(loss),
    metrics: metrics === undefined ? undefined : partsOf(metrics),
    where: "the options",
  };
  if (!program) return [options];
  return [options, { ...program, loss: await revived(program.loss) }];
}

/** `NAME`, `OUTPUT=NAME,…`, `NAME,NAME` for the outputs in order, or a module that exports loss. */
async function lossOf(text: string): Promise<unknown> {
  if (!isFile(text)) return partsOf(text);
  const module = (await importUserModule(text)) as { loss?: unknown };
  if (typeof module.loss === "function") return module.loss;
  throw new UsageError(
    `Expected ${text} to export a function loss(yTrue, yPred), got ${Object.keys(module).join(", ") || "no exports"}.`,
  );
}

/** Whether a loss is that of a module. */
export function isFile(loss: string): boolean {
  return /\.[cm]?js$/.test(loss);
}

/**
 * The objective of a user's module.
 * @throws UsageError
 */
export async function objectiveOf({
  objective,
  loss,
}: Pick<TrainConfig, "objective" | "loss">): Promise<OwnObjective | undefined> {
  if (objective === undefined) return undefined;
  if (loss !== undefined) {
    throw new UsageError("Expected either --objective or --loss, got both.");
  }
  const module = (await importUserModule(objective)) as { objective?: unknown };
  if (typeof module.objective === "function") return module.objective as OwnObjective;
  throw new UsageError(
    `Expected ${objective} to export a function objective({ tf, model, inputs, targets }), got ${Object.keys(module).join(", ") || "no exports"}.`,
  );
}

function partsOf(text: string): unknown {
  const parts = text.split(",").map((part) => part.trim());
  if (!parts.some((part) => part.includes("="))) return parts.length === 1 ? parts[0] : parts;
  return Object.fromEntries(
    parts.map((part) => {
      const [name = "", value] = part.split("=", 2);
      if (value !== undefined) return [name, value];
      throw new UsageError(
        `Expected OUTPUT=NAME for every output, separated by commas, got "${part}" in "${text}".`,
      );
    }),
  );
}

/** With functions in place of their sources. */
async function revived(loss: unknown): Promise<unknown> {
  if (isSource(loss)) {
    const { lossFromSource } = await import("../network/goal/own-loss.js");
    return lossFromSource(loss.function).ofTensors;
  }
  if (Array.isArray(loss)) return Promise.all(loss.map(revived));
  if (typeof loss !== "object" || loss === null || "class_name" in loss) return loss;
  const entries = Object.entries(loss).map(async ([name, part]) => [name, await revived(part)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

import { createHash } from "node:crypto";
import { fingerprintOf } from "../../data/fingerprint.js";
import type { Goal } from "../../network/goal/goal.js";
import { kebab } from "../../config/option.js";
import { nameOfData } from "../data-of-run.js";
import type { TrainConfig } from "../options/config.js";
import { MAY_CHANGE } from "../options/table.js";
import { aptsVersion } from "../../package.js";
import type { Setup } from "../setup.js";
import { cutsOf } from "../stages/stages-of-run.js";

/** What makes a run this run and no other: a checkpoint fits a run of the same identity. */
export interface Identity {
  /** Those options that say what is solved, and by which method, by name. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly methodOptions: Readonly<Record<string, unknown>>;
  /** SHA-256 of the module that the method is from, where it is a user's own. */
  readonly methodModule: string | undefined;
  /** n */
  readonly parameters: number;
  /** SHA-256 of the model's layers, and of the samples. */
  readonly model: string;
  readonly train: string;
  /** Undefined where none are held back. */
  readonly test: string | undefined;
  /** SHA-256 of what is minimised. */
  readonly goal: string;
  /** What decides the last bits beside all that: the version of apts, the compute backend, how batches are cut. */
  readonly computation: string;
}

export function identityOf(
  config: TrainConfig,
  { data, goal, inputs, network, stages, topology, blockRows, backend, inOrder }: Setup,
): Identity {
  const { methodName, methodModule, methodOptions, ...asked } = config;
  // A user's files may lie elsewhere.
  const options = {
    ...asked,
    method: methodName,
    data: nameOfData(asked.data),
    label: asked.label && nameOfData(asked.label),
    standardise: inputs.record.standardised,
    ...(inOrder ? { shuffle: false } : {}),
    ...(stages && { cut: cutsOf(stages.plan).join(",") }),
  };
  const parts = stages
    ? `micro-batches of at most ${stages.microBatchRows} samples`
    : `blocks of at most ${blockRows} samples`;
  return {
    options: Object.fromEntries(
      Object.entries(options).filter(
        ([name]) => !MAY_CHANGE.has(name) && (name !== "ghostBatch" || network.hasStatistics),
      ),
    ),
    methodOptions,
    methodModule,
    parameters: network.space.dimension,
    model: sha256(topology),
    train: fingerprintOf(data.train),
    test: data.test && fingerprintOf(data.test),
    goal: sha256(describeGoal(goal)),
    computation: `apts ${aptsVersion()}; ${backend.fingerprint}; ${parts}`,
  };
}

/** What a method says of itself, which is no option of anybody's. */
const OF_METHOD = ["shards", "unused"];

/** What a run that is `now` has different from what it `was`, a phrase each, though it must not. */
export function differences(was: Identity, now: Identity): string[] {
  const isOther = was.options["method"] !== now.options["method"];
  const found = [
    ...changed(was.options, now.options, isOther ? OF_METHOD : []),
    // Another method has other options.
    ...(isOther ? [] : changed(was.methodOptions, now.methodOptions)),
  ];
  if (was.train !== now.train) found.push("other training data");
  if (was.test !== now.test) found.push("other test data");
  if (was.goal !== now.goal) found.push("another loss");
  if (was.parameters !== now.parameters) {
    found.push(`a model of ${now.parameters} instead of ${was.parameters} parameters`);
  } else if (was.model !== now.model) found.push("a model of other layers");
  return found;
}

function changed(
  was: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  leftOut: readonly string[] = [],
): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return names
    .filter((name) => !leftOut.includes(name) && JSON.stringify(was[name]) !== JSON.stringify(now[name]))
    .map((name) => `--${kebab(name)} ${shown(now[name])} instead of ${shown(was[name])}`);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "(not given)";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What is minimised; of a loss of the user's own, its source. Outputs are told apart by their order: layers may have been
 * given their names by TensorFlow.js, which counts on.
 */
function describeGoal({ outputs, objective }: Goal): string {
  if (objective) return objective.toString();
  const described = outputs.map(({ loss, weight, folded }) => ({
    loss: loss.ofRow ? loss.name : String(loss.ofTensors),
    weight,
    folded: folded !== undefined,
  }));
  return JSON.stringify(described);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { UsageError } from "../../errors.js";

/** A layer of a model's topology, or anything else in it that has a class and a configuration. */
interface Described {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Random layers, and which number of theirs says how random. */
const RANDOM: Readonly<Record<string, string>> = {
  Dropout: "rate",
  SpatialDropout1D: "rate",
  SpatialDropout2D: "rate",
  SpatialDropout3D: "rate",
  GaussianDropout: "rate",
  AlphaDropout: "rate",
  GaussianNoise: "stddev",
  RandomWidth: "factor",
  RandomHeight: "factor",
};

/** How many are named in one message. */
const MOST_NAMED = 4;

/**
 * Refuses what a model declares for its training and is not honoured yet: random layers, regularisers, constraints,
 * state kept between batches. Each would train another function in silence.
 * @param topology of `LayersModel.toJSON(null, false)`, or as a `model.json` has it
 * @param source where the model comes from, for people
 * @throws UsageError naming the layers and what of them
 */
export function checkDeclared(topology: unknown, source: string): void {
  const found = declarations(topology, "the model");
  if (found.length === 0) return;
  const more = found.length > MOST_NAMED ? `, and ${found.length - MOST_NAMED} more` : "";
  throw new UsageError(
    `Expected a model without random layers, regularisers, constraints and kept states, which training does not honour yet; ` +
      `got ${found.slice(0, MOST_NAMED).join(", ")}${more} in ${source}. ` +
      `Leave them out, or set them to 0, null or false.`,
  );
}

function declarations(value: unknown, layer: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => declarations(item, layer));
  if (!isDescribed(value)) return Object.values(value).flatMap((item) => declarations(item, layer));
  const { class_name: kind, config } = value;
  const name = typeof config["name"] === "string" ? `${kind} "${config["name"]}"` : layer;
  const own = ofLayer(kind, config).map((what) => `${what} of ${name}`);
  const inner = Object.entries(config).flatMap(([key, item]) =>
    /_(initializer|regularizer|constraint)$/.test(key) ? [] : declarations(item, name),
  );
  return [...own, ...inner];
}

function ofLayer(kind: string, config: Readonly<Record<string, unknown>>): string[] {
  const found: string[] = [];
  const amount = RANDOM[kind];
  if (amount !== undefined && !isZero(config[amount])) found.push(`${amount} ${shown(config[amount])}`);
  if (kind === "ActivityRegularization" && !(isZero(config["l1"]) && isZero(config["l2"]))) {
    found.push("the regulariser");
  }
  for (const key of ["dropout", "recurrent_dropout"]) {
    if (!isZero(config[key])) found.push(`${camel(key)} ${shown(config[key])}`);
  }
  if (config["stateful"] === true) found.push("stateful");
  for (const [key, value] of Object.entries(config)) {
    if (key.endsWith("_regularizer") && !isZeroRegulariser(value)) found.push(camel(key));
    if (key.endsWith("_constraint") && value != null) found.push(camel(key));
  }
  return found;
}

function isDescribed(value: object): value is Described {
  const { class_name: kind, config } = value as Record<string, unknown>;
  return typeof kind === "string" && typeof config === "object" && config !== null && !Array.isArray(config);
}

function isZero(value: unknown): boolean {
  return value == null || value === 0;
}

/** L1L2 with nothing but zeros is none. */
function isZeroRegulariser(value: unknown): boolean {
  if (value == null) return true;
  const numbers = typeof value === "object" && isDescribed(value) ? Object.values(value.config) : [];
  return numbers.length > 0 && numbers.every((number) => number === 0);
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** As TensorFlow.js names the field. */
function camel(key: string): string {
  return key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

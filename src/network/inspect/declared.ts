import { UsageError } from "../../errors.js";

/** A layer of a model's topology, or anything else in it that has a class and a configuration. */
interface Described {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Layers that change the shape of what they get at random. */
const RESIZING = new Set(["RandomWidth", "RandomHeight"]);

/** How many are named in one message. */
const MOST_NAMED = 4;

/**
 * Refuses what a model declares for its training and is not honoured: constraints, state kept between batches,
 * random changes of images' sizes, regularisers of activities where TensorFlow.js evaluates no model that has them. Each
 * would train another function in silence, or fail later.
 * @param topology of `LayersModel.toJSON(null, false)`, or as a `model.json` has it
 * @param source where the model comes from, for people
 * @throws UsageError naming the layers and what of them
 */
export function checkDeclared(topology: unknown, source: string): void {
  const found = declarations(topology, "the model");
  if (found.length === 0) return;
  const more = found.length > MOST_NAMED ? `, and ${found.length - MOST_NAMED} more` : "";
  throw new UsageError(
    `Expected a model without constraints, kept states, random sizes and regularisers of activities, which training does not honour; ` +
      `got ${found.slice(0, MOST_NAMED).join(", ")}${more} in ${source}. ` +
      `Leave them out, or set them to 0, null or false.`,
  );
}

function declarations(value: unknown, layer: string, isWrapped = false): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => declarations(item, layer));
  if (!isDescribed(value)) return Object.values(value).flatMap((item) => declarations(item, layer));
  const { class_name: kind, config } = value;
  const name = typeof config["name"] === "string" ? `${kind} "${config["name"]}"` : layer;
  const own = ofLayer(kind, config, isWrapped).map((what) => `${what} of ${name}`);
  const inner = Object.entries(config).flatMap(([key, item]) =>
    /_(initializer|regularizer|constraint)$/.test(key) ? [] : declarations(item, name, key === "layer"),
  );
  return [...own, ...inner];
}

/** @param isWrapped whether TimeDistributed applies it: TensorFlow.js then allows a regulariser of activities */
function ofLayer(kind: string, config: Readonly<Record<string, unknown>>, isWrapped: boolean): string[] {
  const found: string[] = [];
  if (RESIZING.has(kind) && !isZero(config["factor"])) found.push(`factor ${shown(config["factor"])}`);
  if (config["stateful"] === true) found.push("stateful");
  if (config["activity_regularizer"] != null && !isWrapped) found.push("activityRegularizer");
  for (const [key, value] of Object.entries(config)) {
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

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

/** As TensorFlow.js names the field. */
function camel(key: string): string {
  return key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

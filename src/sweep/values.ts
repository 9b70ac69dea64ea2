import { expectChoices } from "../config/combinations.js";
import { UsageError } from "../errors.js";

/**
 * The values of one option: a list of them, one alone, or as W&B's files say it, `{ values: […] }` or `{ value: x }`.
 * @throws UsageError for what is to be drawn at random, and for a value that stands there twice
 */
export function valuesOf(given: unknown, what: string): readonly unknown[] {
  const values = listOf(given, what);
  if (values.length === 0) throw new UsageError(`Expected values for ${what}, got none.`);
  expectChoices(values, what);
  return values;
}

/** Distributions that say no more than their values do. */
const CERTAIN = ["categorical", "constant"];

function listOf(given: unknown, what: string): readonly unknown[] {
  if (Array.isArray(given)) return given;
  if (given === null || given === undefined) return [];
  if (typeof given !== "object") return [given];
  const { values, value, distribution = "categorical", ...others } = given as Record<string, unknown>;
  const [other] = CERTAIN.includes(String(distribution)) ? Object.keys(others) : ["distribution"];
  if (other !== undefined)
    throw new UsageError(
      `Expected values: […] or value: for ${what}, got "${other}": apts runs every combination and draws none. Name the values.`,
    );
  if (values !== undefined && value === undefined && Array.isArray(values)) return values;
  if (value !== undefined && values === undefined) return [value];
  throw new UsageError(`Expected values: […] or value: for ${what}, got ${JSON.stringify(given)}.`);
}

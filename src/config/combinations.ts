import { UsageError } from "../errors.js";

/** All choices of one value for each name; the last name varies fastest. {} alone where there are no names. */
export function combinations(grid: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown>[] {
  return Object.entries(grid).reduce<Record<string, unknown>[]>(
    (made, [name, values]) => made.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** @throws UsageError where one of the values to choose from is none, or stands there twice */
export function expectChoices(values: readonly unknown[], what: string): void {
  if (values.some((value) => value === null || value === undefined))
    throw new UsageError(
      `Expected values for ${what}, got null among them, which says nothing. Name the value.`,
    );
  if (new Set(values.map(asCompared)).size < values.length)
    throw new UsageError(`Expected different values for ${what}, got ${JSON.stringify(values)}.`);
}

/** "0.1" is the number to an option. */
function asCompared(value: unknown): string {
  const isNumber = typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
  return JSON.stringify(isNumber ? Number(value) : value);
}

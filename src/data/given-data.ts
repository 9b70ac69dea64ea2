import { UsageError } from "../errors.js";
import { adviceOn, describe } from "./arrays.js";
import type { Dataset } from "./dataset.js";
import { inMemory, type InMemoryData, type ModelSlots } from "./in-memory.js";
import { checkEveryClassOccurs } from "./labels.js";

/** Samples in memory: what to train on, and, held back, what to measure the result with. */
export interface DataInMemory {
  readonly train: InMemoryData;
  readonly test?: InMemoryData | undefined;
}

/**
 * @param name what messages call them: "data"
 * @throws UsageError for data that cannot be trained on, by the name of their field
 */
export async function checkData(
  data: unknown,
  slots: ModelSlots | undefined,
  name = "data",
): Promise<{ train: Dataset; test: Dataset | undefined }> {
  if (typeof data !== "object" || data === null || !("train" in data)) {
    throw new UsageError(
      `Expected ${name} to be { train, test }, each { features, labels }, or the name of a data set, got ${describe(data)}.${adviceOn(data)}`,
    );
  }
  const unknown = Object.keys(data).find((key) => key !== "train" && key !== "test");
  if (unknown !== undefined)
    throw new UsageError(`Expected ${name} to hold train and test alone, got "${unknown}" in it.`);
  const { train, test } = data as Partial<DataInMemory>;
  const checked = {
    train: await inMemory(train, `${name}.train`, slots),
    test: test === undefined ? undefined : await inMemory(test, `${name}.test`, slots),
  };
  if (![train, test].some((given) => given && "classes" in given && given.classes !== undefined))
    for (const target of checked.train.targets) checkEveryClassOccurs(target, `${name}.train.labels`);
  return checked;
}

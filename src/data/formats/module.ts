import { basename } from "node:path";
import { UsageError } from "../../errors.js";
import { importUserModule } from "../../paths.js";
import type { DataSplit } from "../dataset.js";
import { checkData } from "../given-data.js";
import { makeSplit } from "../in-memory.js";
import { expectHeeded, type FileOptions } from "./options.js";

export const MODULE = /\.[cm]?js$/;

/** Data of a user's module that exports `createData()`, which gives what `train()` takes as `data`. */
export async function loadModule(path: string, options: FileOptions): Promise<DataSplit> {
  expectHeeded(options, [], "a module");
  const module = (await importUserModule(path)) as { createData?: () => unknown };
  if (typeof module.createData !== "function") {
    throw new UsageError(
      `Expected ${path} to export a function createData, got ${Object.keys(module).join(", ") || "no exports"}.`,
    );
  }
  let data: unknown;
  try {
    data = await module.createData();
  } catch (error) {
    throw new UsageError(
      `Expected createData of ${path} to make data, but it failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  const { train, test } = await checkData(data, undefined, `createData() of ${path}`);
  return makeSplit(basename(path), train, test);
}

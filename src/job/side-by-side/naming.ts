import { UsageError } from "../../errors.js";

/** Says of what is wrong with one of many runs, which it is. */
export async function naming<T>(run: string, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message} (${run})`, { cause: error });
  }
}

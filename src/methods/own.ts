import { isAbsolute } from "node:path";
import { UsageError } from "../errors.js";
import { importUserModule } from "../paths.js";
import type { MethodDescription } from "./description.js";

/** Whether `method` is the path of a user's module. */
export function isModule(method: string): boolean {
  return method.startsWith(".") || isAbsolute(method) || /\.[cm]?[jt]s$/.test(method);
}

/**
 * The method that a user's module exports as `method`, made with `defineMethod`.
 * @throws UsageError where it cannot be loaded, or exports none
 */
export async function loadMethod(path: string): Promise<MethodDescription> {
  const loaded = await importUserModule(path);
  const method = (loaded["method"] ?? {}) as Partial<MethodDescription>;
  const fault = faultOf(method);
  if (fault !== undefined) {
    throw new UsageError(
      `Expected ${path} to export a method, export const method = defineMethod({ … }), but ${fault}.`,
    );
  }
  return method as MethodDescription;
}

function faultOf({
  name,
  summary,
  source,
  options,
  batches,
  create,
}: Partial<MethodDescription>): string | undefined {
  if (typeof create !== "function") return "it exports no method with a function create";
  if ([name, summary, source].some((text) => typeof text !== "string" || text === ""))
    return "its name, summary or source is no text";
  if (typeof options !== "object") return "its options are no table";
  if (!Number.isInteger(batches) || batches! < 1) return "its batches are no whole number of at least 1";
  return undefined;
}

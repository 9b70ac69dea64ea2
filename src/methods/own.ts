import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Option, OptionTable } from "../config/option.js";
import { UsageError } from "../errors.js";
import { importUserModule } from "../paths.js";
import { heldToContract } from "./contract.js";
import type { MethodDescription } from "./description.js";

/** Whether `method` is the path of a user's module, or its URL. */
export function isModule(method: string): boolean {
  return /^(\.|file:)/.test(method) || isAbsolute(method) || /\.[cm]?[jt]s$/.test(method);
}

/** The whole path of a module. */
export function pathOfModule(method: string): string {
  return method.startsWith("file:") ? fileURLToPath(method) : resolve(method);
}

/**
 * The method that a user's module exports as `method`, made with `defineMethod`.
 * @throws UsageError where it cannot be loaded, or exports none
 */
export async function loadMethod(module: string): Promise<MethodDescription> {
  const path = pathOfModule(module);
  const exported = await importUserModule(path);
  const method = exported["method"] as MethodDescription | undefined;
  const fault = faultOf(method ?? {}, Object.keys(exported));
  if (fault !== undefined) {
    throw new UsageError(
      `Expected ${path} to export a method, export const method = defineMethod({ … }), but ${fault}.`,
    );
  }
  return {
    ...method!,
    module: createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
    create: (context, options) =>
      heldToContract(method!.name, context.comm, method!.create(context, options)),
  };
}

function faultOf(method: Partial<MethodDescription>, exported: readonly string[]): string | undefined {
  const { name, summary, source, options, batches, create } = method;
  if (typeof create !== "function") {
    const found = exported.length === 0 ? "nothing" : exported.join(", ");
    return `it exports no method with a function create: it exports ${found}`;
  }
  if (typeof name !== "string" || !/^[A-Za-z0-9][\w.-]*$/.test(name))
    return `its name is not one of letters, digits, dashes and dots: ${JSON.stringify(name)}`;
  if (typeof summary !== "string" || typeof source !== "string") return "its summary or source is no text";
  if (!Number.isInteger(batches) || batches! < 1) return "its batches are no whole number of at least 1";
  if (typeof options !== "object") return "its options are no table";
  return faultOfOptions(options);
}

/** Names that the command line has for itself. */
const TAKEN = ["config", "help", "helpAll", "json", "preset"];

function faultOfOptions(options: OptionTable): string | undefined {
  for (const [name, option] of Object.entries(options) as [string, Partial<Option<unknown>>][]) {
    const of = `its option "${name}"`;
    if (!/^[a-z][A-Za-z0-9]*$/.test(name) || /^no[A-Z]/.test(name))
      return `${of} has no name in camel case that begins otherwise than with "no"`;
    if (TAKEN.includes(name)) return `${of} has a name that the command line needs`;
    if (typeof option.parse !== "function" || typeof option.help !== "string")
      return `${of} is not made by number, integer, integers, choice, flag or text`;
    if (option.fallback === undefined) continue;
    try {
      option.parse(option.fallback, of);
    } catch (error) {
      return `its default is refused: ${(error as Error).message.replace(/\.$/, "")}`;
    }
  }
  return undefined;
}

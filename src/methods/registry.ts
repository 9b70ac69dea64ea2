import { closest, distance } from "fastest-levenshtein";
import type { Option } from "../config/option.js";
import { UsageError } from "../errors.js";
import { apts } from "./apts.js";
import { aptsD } from "./apts-d.js";
import type { MethodDescription } from "./description.js";
import { adabelief } from "./first-order/adabelief.js";
import { adam, adamw } from "./first-order/adam.js";
import { diffgrad } from "./first-order/diffgrad.js";
import { lion } from "./first-order/lion.js";
import { muon } from "./first-order/muon.js";
import { nadamw } from "./first-order/nadamw.js";
import { sgd } from "./first-order/sgd.js";
import { iapts } from "./iapts.js";
import { lbfgs } from "./lbfgs.js";
import { napts } from "./napts.js";
import { isModule, loadMethod } from "./own.js";
import { cocob } from "./parameter-free/cocob.js";
import { momoAdam } from "./parameter-free/momo-adam.js";
import { dadaptAdam } from "./parameter-free/dadapt-adam.js";
import { dog, ldog } from "./parameter-free/dog.js";
import { dowg } from "./parameter-free/dowg.js";
import { mechanic } from "./parameter-free/mechanic.js";
import { prodigy } from "./parameter-free/prodigy.js";
import { sls } from "./parameter-free/sls.js";
import { sapts } from "./sapts.js";
import { scheduleFreeAdamW } from "./schedule-free/adamw.js";
import { scheduleFreePlus } from "./schedule-free/plus.js";
import { scheduleFreeSgd } from "./schedule-free/sgd.js";
import { soaa } from "./soaa.js";
import { tr } from "./tr.js";

const builtIn = [
  // The methods of the papers this project is about.
  ...[apts, sapts, napts, iapts, aptsD, tr],
  // What they are measured against (docs/algorithms.md §11), and SOAA.
  ...[sgd, adam, adamw, nadamw, muon, adabelief, diffgrad, lion, lbfgs, soaa],
  // Rivals without a schedule, and without a learning rate (docs/algorithms.md §13).
  ...[scheduleFreeAdamW, scheduleFreeSgd, scheduleFreePlus],
  ...[prodigy, dadaptAdam, dog, ldog, dowg, mechanic, momoAdam, sls, cocob],
] as const;

export const methods: readonly MethodDescription[] = builtIn;

export type MethodName = (typeof builtIn)[number]["name"];

/** The one that trains where none is named. */
export const defaultMethod: MethodName = "sapts";

type AnyTable = (typeof builtIn)[number]["options"];
type NameIn<Table> = Table extends unknown ? keyof Table : never;
type ValueIn<Table, Name extends PropertyKey> =
  Table extends Readonly<Record<Name, Option<infer Value>>> ? Value : never;
/** What the options of all methods may be, for whoever writes a program. */
export type MethodOptions = {
  readonly [Name in NameIn<AnyTable>]?: ValueIn<AnyTable, Name> | undefined;
} & { readonly preset?: "published" | undefined };

/**
 * The built-in method of that name.
 * @param label where it was named, for messages
 * @throws UsageError where there is none
 */
export function methodNamed(name: string, label = "--method"): MethodDescription {
  const known = methods.find((method) => method.name === name);
  if (known) return known;
  const names = methods.map((method) => method.name);
  const nearest = closest(name, names);
  throw new UsageError(
    `Expected ${label} to be one of ${names.join(", ")}, or the path of a module (./my-method.mjs), got "${name}".` +
      (distance(name, nearest) <= 2 ? ` Did you mean "${nearest}"?` : ""),
  );
}

/**
 * The built-in method of that name, or the one that a user's module exports.
 * @throws UsageError where there is none
 */
export async function findMethod(method: string, label?: string): Promise<MethodDescription> {
  if (!isModule(method)) return methodNamed(method, label);
  const own = await loadMethod(method);
  if (!methods.some(({ name }) => name === own.name)) return own;
  throw new UsageError(
    `Expected the method of ${method} to have a name of its own, got "${own.name}", which is built in.`,
  );
}

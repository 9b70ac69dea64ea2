import { shownValue } from "../../config/commander.js";
import { HELP } from "../../config/help-groups.js";
import { choice, inGroup, kebab, type Option, type OptionTable } from "../../config/option.js";
import { camel, type Given } from "../../config/resolve.js";
import { UsageError } from "../../errors.js";
import type { MethodDescription } from "../../methods/description.js";
import { methods } from "../../methods/registry.js";

/** The options of a method, with its defaults. */
export function tableOf({
  options,
  presets = {},
}: Pick<MethodDescription, "options" | "presets">): OptionTable {
  const names = Object.keys(presets);
  const preset = choice(names, { fallback: undefined, help: "start from the options of a paper" });
  return inGroup(HELP.method, names.length === 0 ? options : { preset, ...options });
}

/** Every option of every built-in method, without defaults: those are the chosen method's own. */
export const optionsOfMethods: OptionTable = Object.fromEntries(
  methods.flatMap((method) =>
    Object.entries(tableOf(method)).map(([name, option]) => [name, ofAllMethods(name, option)]),
  ),
);

function ofAllMethods(name: string, option: Option<unknown>): Option<unknown> {
  return { ...option, fallback: undefined, help: `${option.help} (${whoHas(name)})` };
}

/** "apts: true, sapts: false": which methods know the option, and their defaults. */
function whoHas(name: string): string {
  return methods
    .flatMap((method) => {
      const option = tableOf(method)[name];
      if (!option) return [];
      const { fallback } = option;
      return fallback === undefined ? [method.name] : [`${method.name}: ${shownValue(fallback)}`];
    })
    .join(", ");
}

/** @throws UsageError where a method has an option of `table`, which would never reach it */
export function expectOwnNames(method: MethodDescription, table: OptionTable): void {
  const taken = Object.keys(tableOf(method)).find((name) => Object.hasOwn(table, name));
  if (taken === undefined) return;
  throw new UsageError(
    `Expected method ${method.name} to have other options than those of every run, got "${taken}".`,
  );
}

/** @throws UsageError where a source gives an option that other methods have, and this one has not */
export function refuseOthers(method: MethodDescription, sources: readonly Given[]): void {
  const table = tableOf(method);
  for (const { values } of sources) {
    for (const [written, value] of Object.entries(values)) {
      const name = camel(written);
      const isOthers = Object.hasOwn(optionsOfMethods, name) && !Object.hasOwn(table, name);
      if (!isOthers || value === undefined || value === null) continue;
      const others = methods
        .filter((other) => Object.hasOwn(tableOf(other), name))
        .map((other) => other.name);
      throw new UsageError(
        `Expected options of method ${method.name}, got "${written}", which it does not have (${others.join(", ")} do).`,
      );
    }
  }
}

/** How parameters or samples are split, and which methods do that. */
const SPLITS: Readonly<Record<string, (method: MethodDescription) => boolean>> = {
  subdomains: ({ decomposes = false, shards = false, stages = false }) => decomposes || shards || stages,
  decomposition: ({ decomposes = false }) => decomposes,
};

/** The options of splitting that the method has no use for. */
export function unusedBy(method: MethodDescription): string[] {
  return Object.keys(SPLITS).filter((name) => !SPLITS[name]!(method));
}

/** @throws UsageError where somebody says how to split what the method does not; a record says all options of its run */
export function refuseUnused(method: MethodDescription, sources: readonly Given[]): void {
  for (const { source, values } of sources) {
    if (source.kind === "file" && source.isRecord) continue;
    for (const [written, value] of Object.entries(values)) {
      const uses = SPLITS[camel(written)];
      if (uses === undefined || uses(method) || value === undefined || value === null) continue;
      const users = methods.filter(uses).map(({ name }) => name);
      throw new UsageError(
        `Expected --${kebab(camel(written))} only with a method that works on subdomains (${users.join(", ")}), got it with ${method.name}. Leave it out.`,
      );
    }
  }
}

/**
 * The sources with the values of the preset that one of them names after it: what is given beside the preset, or by a
 * source before it, wins.
 */
export function withPresets(method: MethodDescription, sources: readonly Given[]): Given[] {
  const { preset } = tableOf(method);
  return sources.flatMap(({ source, values: { preset: name, ...values } }) => {
    const given = { source, values };
    if (!preset || name === undefined || name === null) return [given];
    return [given, { source, values: method.presets![preset.parse(name, "--preset") as string]! }];
  });
}

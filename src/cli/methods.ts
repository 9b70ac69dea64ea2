import type { Command } from "commander";
import { shownValue } from "../config/commander.js";
import { kebab } from "../config/option.js";
import type { MethodDescription } from "../methods/description.js";
import { methods } from "../methods/registry.js";
import { markdownTable } from "../report/comparison.js";
import { tableOf } from "../run/options/of-methods.js";

/** `apts methods`: what each method is, and its options with ranges and defaults, as the Markdown of docs/methods.md. */
export function methodsCommand(program: Command): void {
  program
    .command("methods")
    .description("list the methods with their options and defaults (Markdown)")
    .action(() => {
      console.log(methodsPage());
    });
}

/** Methods whose options are much the same, by an option that all of them have and no others. */
const families: readonly { readonly title: string; readonly mark: string }[] = [
  { title: "trust region", mark: "radius" },
  { title: "first order", mark: "schedule" },
  { title: "schedule-free", mark: "interpolation" },
  { title: "no learning rate", mark: "firstStep" },
];

/** A table of the methods, then for each family one of its options: their defaults, a column a method. */
export function methodsPage(): string {
  const others = methods.filter(({ options }) => !families.some(({ mark }) => mark in options));
  const grouped = [
    ...families.map(({ title, mark }) => ({ title, members: methods.filter((m) => mark in m.options) })),
    ...others.map((method) => ({ title: method.name, members: [method] })),
  ];
  const overview = markdownTable([
    ["method", "what it does", "source", "mini-batches"],
    ...methods.map(({ name, summary, source, batches, batchSize }) => [
      `\`${name}\``,
      summary,
      source,
      batchSize === undefined ? String(batches) : `of ${batchSize} samples`,
    ]),
  ]);
  const sections = grouped.map(({ title, members }) => `### Options: ${title}\n\n${optionsTable(members)}`);
  return [overview, ...sections].join("\n\n");
}

function optionsTable(members: readonly MethodDescription[]): string {
  const rows = new Map<string, { readonly head: string[]; readonly defaults: string[] }>();
  for (const [column, method] of members.entries()) {
    for (const [option, { help, expected, fallback }] of Object.entries(tableOf(method))) {
      const head = [`\`--${kebab(option)}\``, help, expected];
      const key = head.join();
      if (!rows.has(key)) rows.set(key, { head, defaults: members.map(() => "–") });
      rows.get(key)!.defaults[column] = fallback === undefined ? "none" : shownValue(fallback);
    }
  }
  return markdownTable([
    ["option", "what it is", "range", ...members.map(({ name }) => `\`${name}\``)],
    ...[...rows.values()].map(({ head, defaults }) => [...head, ...defaults]),
  ]);
}

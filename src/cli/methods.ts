import type { Command } from "commander";
import { kebab } from "../config/option.js";
import { methods } from "../methods/registry.js";

/** `apts methods`: what each method is, and its options with ranges and defaults, as the Markdown of docs/methods.md. */
export function methodsCommand(program: Command): void {
  program
    .command("methods")
    .description("list the methods with their options and defaults (Markdown)")
    .action(() => {
      console.log(methodsTable());
    });
}

export function methodsTable(): string {
  const rows = methods.map(({ name, summary, source, batches, options }) => {
    const shown = Object.entries(options).map(
      ([option, { expected, fallback }]) =>
        `\`--${kebab(option)}\` ${String(fallback as string | number | boolean)} (${expected})`,
    );
    return `| \`${name}\` | ${summary} | ${source} | ${batches} | ${shown.join("<br>")} |`;
  });
  const head = [
    "| method | what it does | source | mini-batches | options: default (range) |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...rows].join("\n");
}

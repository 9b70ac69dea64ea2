import { type Command, Option as CommanderOption } from "commander";
import { kebab, type Option, type OptionTable } from "./option.js";

/** Adds every option of a table to a command, with its default in the help. Values stay text: they are checked later. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, option] of Object.entries(table)) {
    const value = option.placeholder === undefined ? "" : ` <${option.placeholder}>`;
    const shown = new CommanderOption(`--${kebab(name)}${value}`, helpOf(option));
    if (option.group !== undefined) shown.helpGroup(option.group);
    command.addOption(shown);
    if (value === "") command.addOption(new CommanderOption(`--no-${kebab(name)}`).hideHelp());
  }
  return command;
}

/** What an option is for, its choices, and its default. */
export function helpOf({ help, choices, fallback }: Option<unknown>): string {
  const values = choices ? `: ${choices.join("|")}` : "";
  const silent = fallback === undefined || fallback === false; // a switch is off unless given
  return `${help}${values}${silent ? "" : ` (default: ${shownValue(fallback)})`}`;
}

/** A value as help shows it. */
export function shownValue(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : JSON.stringify(value).replaceAll('"', "");
}

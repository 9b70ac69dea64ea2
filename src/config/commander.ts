import { type Command, Option as CommanderOption } from "commander";
import { kebab, type OptionTable } from "./option.js";

/** Adds every option of a table to a command, with its default in the help. Values stay text: they are checked later. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [name, option] of Object.entries(table)) {
    const shown = option.fallback === undefined ? "" : ` (default: ${shownValue(option.fallback)})`;
    const choices = option.choices ? `: ${option.choices.join("|")}` : "";
    const help = `${option.help}${choices}${shown}`;
    if (option.placeholder === undefined) {
      command.addOption(new CommanderOption(`--${kebab(name)}`, help));
      command.addOption(new CommanderOption(`--no-${kebab(name)}`).hideHelp());
    } else {
      command.addOption(new CommanderOption(`--${kebab(name)} <${option.placeholder}>`, help));
    }
  }
  return command;
}

function shownValue(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : JSON.stringify(value).replaceAll('"', "");
}

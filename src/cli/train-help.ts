import { type Command, Help, Option as CommanderOption } from "commander";
import { addOptions, helpOf } from "../config/commander.js";
import { HELP } from "../config/help-groups.js";
import type { OptionTable } from "../config/option.js";
import type { MethodDescription } from "../methods/description.js";
import { optionsOfMethods, tableOf } from "../run/options/of-methods.js";
import { trainOptions } from "../run/options/table.js";

const SUBDOMAINS = "subdomains" satisfies keyof typeof trainOptions;
const DECOMPOSITION = "decomposition" satisfies keyof typeof trainOptions;
const ORDER: readonly string[] = Object.values(HELP);

/** All that a command line may name: the options of a run, of its method, and of other methods, to say that it is theirs. */
export function trainOptionsWith(method: MethodDescription): OptionTable {
  return { ...trainOptions, ...optionsOfMethods, ...tableOf(method) };
}

/**
 * Adds the options of a training run to a command, with help in groups that shows the options of the chosen method
 * alone, with its defaults (`apts train --method lion --help`); `--help-all` shows those of all methods.
 */
export function addTrainOptions(command: Command, method: MethodDescription, table: OptionTable): Command {
  command.createHelp = () => new TrainHelp(table, method);
  addOptions(command, table);
  command.addHelpOption(
    new CommanderOption("-h, --help", "this help, for the method of --method").helpGroup(HELP.help),
  );
  command.addOption(
    new CommanderOption("--help-all", "this help, with the options of all methods").helpGroup(HELP.help),
  );
  return command.on("option:help-all", () => command.help());
}

class TrainHelp extends Help {
  constructor(
    private readonly table: OptionTable,
    private readonly method: MethodDescription,
  ) {
    super();
  }

  override visibleOptions(command: Command): CommanderOption[] {
    const method = command.opts<{ helpAll?: true }>().helpAll ? undefined : this.method;
    const place = ({ helpGroupHeading = HELP.run }: CommanderOption): number =>
      ORDER.indexOf(helpGroupHeading);
    return super
      .visibleOptions(command)
      .filter((option) => !method || concerns(method, option.attributeName()))
      .sort((a, b) => place(a) - place(b))
      .map((option) => shownFor(method, option, this.table));
  }

  /** Groups in the order of what is shown, not of what there is. */
  override groupItems<T extends Command | CommanderOption>(
    _: T[],
    shown: T[],
    groupOf: (item: T) => string,
  ): Map<string, T[]> {
    return super.groupItems(shown, shown, groupOf);
  }
}

function concerns(method: MethodDescription, name: string): boolean {
  if (name === SUBDOMAINS) return method.decomposes === true || method.shards === true;
  if (name === DECOMPOSITION) return method.decomposes === true;
  return name in tableOf(method) || !(name in optionsOfMethods);
}

/** The option as the help of `method` shows it, or that of all methods. */
function shownFor(
  method: MethodDescription | undefined,
  option: CommanderOption,
  table: OptionTable,
): CommanderOption {
  const name = option.attributeName();
  const declared = table[name];
  if (!declared) return option.helpGroupHeading === undefined ? option.helpGroup(HELP.run) : option;
  const own = (method ? declared : optionsOfMethods[name]) ?? declared;
  // A switch that is on is of use in its negative; one of all methods may be on for some.
  const negatable = own.placeholder === undefined && own.fallback !== false;
  const flags = negatable ? option.flags.replace("--", "--[no-]") : option.flags;
  const heading =
    method && declared.group === HELP.method ? `Method ${method.name} (${method.summary}):` : declared.group;
  const shown = new CommanderOption(flags, helpOf(own));
  return heading === undefined ? shown : shown.helpGroup(heading);
}

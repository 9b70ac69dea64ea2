import type { Command } from "commander";
import { computeOptions } from "../compute/options.js";
import { addOptions } from "../config/commander.js";
import { flag, integer, type OptionTable, type ValuesOf } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { startOptions } from "../job/job-options.js";

/** What commands look at that examine hosts, and how this one computes. */
export const machineOptions = {
  ...computeOptions,
  threads: integer({ min: 1, max: 1024, fallback: 1, help: "threads of a rank" }),
  hostfile: startOptions.hostfile,
} satisfies OptionTable;

export const json = flag({ fallback: false, help: "print JSON" });

/** Adds the options of a table to a command, which does `action` with their values. */
export function actWith<T extends OptionTable>(
  command: Command,
  table: T,
  action: (values: ValuesOf<T>) => Promise<void>,
): void {
  addOptions(command, table).action((values: Record<string, unknown>) =>
    action(resolveOptions(table, [{ source: { kind: "command line" }, values }])),
  );
}

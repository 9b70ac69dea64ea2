import Table from "cli-table3";
import type { Placement } from "./placement.js";

/** What `--dry-run` prints: a line per rank, and the command they all run. */
export function placementTable(placements: readonly Placement[], command: readonly string[]): string {
  const table = new Table({ head: ["rank", "host", "GPU", "cores"], style: { head: [], border: [] } });
  for (const { rank, host, gpu, cpus } of placements) {
    table.push([rank, host, gpu ?? "-", cpus?.join(",") ?? "all"]);
  }
  return `${table.toString()}\n${command.join(" ")}`;
}

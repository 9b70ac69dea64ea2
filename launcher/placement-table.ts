import { drawnTable } from "../src/terminal.js";
import type { Placement } from "./placement.js";

/** What `--dry-run` prints: a line per rank, and the command they all run. */
export function placementTable(placements: readonly Placement[], command: readonly string[]): string {
  const rows = placements.map(({ rank, host, gpu, cpus }) => [
    rank,
    host,
    gpu ?? "-",
    cpus?.join(",") ?? "all",
  ]);
  return `${drawnTable(rows, { head: ["rank", "host", "GPU", "cores"] })}\n${command.join(" ")}`;
}

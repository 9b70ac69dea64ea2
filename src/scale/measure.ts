import { join } from "node:path";
import { readParts, type RunParts } from "../report/parts.js";
import { runsIn, type Ending } from "../sweep/record.js";
import type { StudiedRun } from "./plan.js";

/** What the runs that are finished measured, by their number of ranks. */
export async function measuredIn(
  out: string,
  planned: readonly StudiedRun[],
  endings: ReadonlyMap<string, Ending>,
): Promise<Map<number, RunParts[]>> {
  const measured = new Map<number, RunParts[]>();
  for (const { name, key, varied } of planned) {
    if (!("summary" in endings.get(key)!)) continue;
    const parts = await readParts(join(runsIn(out), name));
    if (parts) measured.set(varied.ranks, [...(measured.get(varied.ranks) ?? []), parts]);
  }
  return measured;
}

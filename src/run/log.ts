import { hostname } from "node:os";
import { join } from "node:path";
import { destination, pino, type Logger } from "pino";

/**
 * This rank's log, JSON lines in the run folder; written at once, so that a killed rank's last words are there. A log
 * that cannot be written (the disk is full) stops nothing.
 */
export function openRankLog(out: string, rank: number): Logger {
  const file = destination({ dest: join(out, "logs", `rank-${rank}.jsonl`), sync: true });
  file.on("error", () => undefined);
  return pino({ level: "debug", base: { rank, host: hostname(), pid: process.pid } }, file);
}

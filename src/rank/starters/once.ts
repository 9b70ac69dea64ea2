import { UsageError } from "../../errors.js";
import { thisRank } from "./index.js";

/**
 * What starts ranks is itself started once: as one of several ranks it would run the whole job as often.
 * @param what "apts-launch", as the message names it
 * @param remedy what to do instead
 * @throws UsageError where this process is one of several ranks
 */
export function expectStartedOnce(what: string, remedy: string): void {
  const task = thisRank(process.env);
  if (task === undefined || task.size === 1) return;
  throw new UsageError(
    `Expected ${what} to run once, since it starts the ranks itself, but this process is rank ${task.rank} of ` +
      `${task.size} (${task.starter}). ${remedy}`,
  );
}

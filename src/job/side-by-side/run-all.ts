import type { Stops } from "./child-run.js";
import type { Need, Places } from "./places.js";

/**
 * Conducts runs in their order, as many at a time as have a place; none begins after a stop is asked for, or after one
 * could not be conducted, whose error is thrown when the others have ended.
 */
export async function runAll<Run, Place>(
  runs: readonly Run[],
  places: Places<Place>,
  needOf: (run: Run) => Need,
  conduct: (run: Run, place: Place) => Promise<void>,
  stops: Stops,
): Promise<void> {
  const queue = [...runs];
  const running = new Set<Promise<void>>();
  let fault: { readonly error: unknown } | undefined;
  const attempt = async (run: Run, place: Place): Promise<void> => {
    try {
      await conduct(run, place);
    } catch (error) {
      fault ??= { error };
    } finally {
      places.giveBack(place);
    }
  };
  while (queue.length > 0 && !stops.gently.aborted && !fault) {
    const place = places.take(needOf(queue[0]!));
    if (place === undefined) {
      await Promise.race(running);
      continue;
    }
    const work = attempt(queue.shift()!, place).finally(() => running.delete(work));
    running.add(work);
  }
  await Promise.all(running);
  if (fault) throw fault.error;
}

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/*
 * A received payload is memory of ZeroMQ's that V8 frees when it collects the Buffer around it. Left alone, V8 answers
 * tens of megabytes of such memory with full collections: a third of the time of a long broadcast. The Buffers are
 * young and dead as soon as they have been read, so a collection of the young generation every few megabytes frees
 * them for a fraction of that, and their memory is used again while it is still in the caches.
 */

const COLLECT_EVERY = 4 << 20;

type Collect = (options: { type: "minor" }) => void;

/** V8's gc function, which it shows to new contexts under a flag. */
const collect: Collect = (() => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as Collect;
  setFlagsFromString("--no-expose-gc");
  return gc;
})();

let unclaimed = 0;

/** Notes that a received payload of `bytes` has been read and dropped. */
export function dropPayload(bytes: number): void {
  unclaimed += bytes;
  if (unclaimed < COLLECT_EVERY) return;
  unclaimed = 0;
  collect({ type: "minor" });
}

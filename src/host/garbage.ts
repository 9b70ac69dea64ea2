import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/**
 * Gives back at once what nobody holds any more. V8 counts what vectors take beside its own heap, but lets several of them lie about
 * before it looks: memory that a large network's rank may not have. Takes 20 to 100 ms.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

import { setImmediate as macrotask } from "node:timers/promises";
import type { Communicator } from "../comm/communicator.js";

/** What the ranks may want between two steps; of several wishes the last named here is granted. */
const WISHES = ["go on", "checkpoint", "stop"] as const;
export type Wish = (typeof WISHES)[number];

/** Between two steps: the wish of any rank becomes everybody's. Collective, 4 bytes all-reduced. */
export async function agree(comm: Communicator, wish: Wish): Promise<Wish> {
  await macrotask(); // where nothing else waits for the outside, signals and timers get their turn
  const [strongest] = await comm.allreduce(Int32Array.of(WISHES.indexOf(wish)), "max");
  return WISHES[strongest!]!;
}

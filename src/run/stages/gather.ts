import type { Communicator } from "../../comm/communicator.js";
import type { WeightPart } from "../../network/weight-parts.js";

/*
 * The weights of a network in stages, one after another on the first stage's rank, which holds a piece of them at a time: a
 * model may be larger than any rank's memory.
 */

/** Bytes of a piece. */
const PIECE = 2 ** 24;
const TAG = 2 ** 31 - 3;

/** Which stage sends a weight, and how many bytes. */
interface Holder {
  readonly stage: number;
  readonly bytes: number;
}

/**
 * The bytes of the weights `order` names, in that order, on rank 0 of `pipeline`; the other stages call `giveWeights` with
 * the same order.
 * @param own those of the first stage, and what no stage has
 */
export async function* gatherWeights(
  pipeline: Communicator,
  order: readonly string[],
  own: readonly WeightPart[],
): AsyncGenerator<Uint8Array> {
  const here = byName(own);
  const holders = await holdersOf(pipeline, order, here);
  for (const [i, name] of order.entries()) {
    const part = here.get(name);
    const { stage, bytes } = holders[i]!;
    if (stage === 0) yield await part!.read();
    else {
      for (let at = 0; at < bytes; at += PIECE)
        yield await pipeline.recv(stage, TAG, new Uint8Array(Math.min(PIECE, bytes - at)));
    }
  }
}

/** Sends the first stage what is held here, in its turn. */
export async function giveWeights(
  pipeline: Communicator,
  order: readonly string[],
  own: readonly WeightPart[],
): Promise<void> {
  const here = byName(own);
  const holders = await holdersOf(pipeline, order, here);
  for (const [i, name] of order.entries()) {
    if (holders[i]!.stage !== pipeline.rank) continue;
    const values = await here.get(name)!.read();
    for (let at = 0; at < values.length; at += PIECE)
      await pipeline.send(0, TAG, values.subarray(at, at + PIECE));
  }
}

/** Who sends each weight: the first stage that has it. Collective. */
async function holdersOf(
  pipeline: Communicator,
  order: readonly string[],
  here: ReadonlyMap<string, WeightPart>,
): Promise<Holder[]> {
  const sizes = await pipeline.allgatherObject(order.map((name) => here.get(name)?.bytes ?? -1));
  return order.map((name, i) => {
    const stage = sizes.findIndex((of) => of[i]! >= 0);
    if (stage < 0) throw new TypeError(`Expected a stage that has the weight ${name}, found none.`);
    return { stage, bytes: sizes[stage]![i]! };
  });
}

function byName(parts: readonly WeightPart[]): Map<string, WeightPart> {
  return new Map(parts.map((part) => [part.name, part]));
}

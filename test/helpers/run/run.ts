import { createLocalGroup } from "../../../src/comm/index.js";
import { defaultMethod, methodNamed } from "../../../src/methods/registry.js";
import type { Summary } from "../../../src/report/summary.js";
import type { RunEvent } from "../../../src/run/events.js";
import { trainConfig } from "../../../src/run/options/config.js";
import type { RankPlace } from "../../../src/run/place.js";
import { train } from "../../../src/run/train.js";

/** A run that takes tens of milliseconds: full batches but for `batches`, checkpoints after every epoch. */
const TINY = {
  data: "digits",
  trainSamples: 300,
  testSamples: 100,
  hidden: [8],
  threads: 1,
  checkpointEvery: 1,
};

export interface Ran {
  readonly summary: Summary;
  readonly events: readonly RunEvent[];
}

/** A whole run in this process, by one rank. */
export async function run(
  out: string,
  values: Record<string, unknown>,
  place: Partial<RankPlace> = {},
): Promise<Ran> {
  // Methods without subdomains refuse to be told how to split.
  const { subdomains = 2, decomposition, ...others } = values;
  const { decomposes = false, shards = false } = methodNamed(
    (values["method"] as string | undefined) ?? defaultMethod,
  );
  const split = decomposes || shards ? { subdomains, ...(decomposes && { decomposition }) } : {};
  const given = { ...TINY, ...split, ...others };
  const config = trainConfig([{ source: { kind: "program" }, values: given }], 1);
  const events: RunEvent[] = [];
  const observe = (event: RunEvent): void => {
    events.push(event);
    place.observe?.(event);
  };
  const summary = await train(config, out, { comm: createLocalGroup(1)[0]!, threads: 1, ...place, observe });
  return { summary, events };
}

export function warnings({ events }: Ran): string[] {
  return events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
}

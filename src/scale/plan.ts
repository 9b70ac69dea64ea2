import { UsageError } from "../errors.js";
import type { Given } from "../config/resolve.js";
import { DataKnowledge } from "../job/side-by-side/data.js";
import { keyOf } from "../job/side-by-side/identity.js";
import { naming } from "../job/side-by-side/naming.js";
import { formatPlural } from "../report/format.js";
import type { MethodDescription } from "../methods/description.js";
import { checkFit } from "../run/check-fit.js";
import { trainConfig, type TrainConfig } from "../run/options/config.js";
import { withWarmSteps } from "../run/step-parts.js";
import type { PlannedRun } from "../sweep/plan.js";
import type { Mode } from "./options.js";

/** What is to be measured. */
export interface Study {
  readonly mode: Mode;
  /** Rising. */
  readonly ranks: readonly number[];
  readonly repeats: number;
  readonly steps: number;
}

/** A run of a study. */
export interface StudiedRun extends PlannedRun {
  readonly varied: { readonly ranks: number; readonly repeat: number };
}

/**
 * The runs of a study: all numbers of ranks once, then again, so that what else the machine does meets all alike. What is not
 * said otherwise is alike on all of them: one thread a rank and, where work stays the same, its subdomains.
 * @param sources of options of the run
 * @throws UsageError where one cannot be
 */
export async function planStudy(
  { mode, ranks, repeats, steps }: Study,
  sources: readonly Given[],
  method: MethodDescription,
): Promise<StudiedRun[]> {
  const knowledge = new DataKnowledge();
  const most = ranks.at(-1)!;
  const once: { ranks: number; config: TrainConfig; key: string }[] = [];
  for (const count of ranks) {
    const made = await naming(`of ${formatPlural(count, "rank")}`, async () => {
      const config = await configOf(count);
      await checkFit(config, { data: undefined, goal: undefined, model: undefined, streamed: false }, true);
      return { ranks: count, config, key: keyOf(config, await knowledge.of(config), mode, []) };
    });
    once.push(made);
  }
  const runs = Array.from({ length: repeats }, (_, index) => index + 1);
  return runs.flatMap((repeat) =>
    once.map(({ ranks: count, config, key }) => ({
      name: `${mode}-${count}-${repeat}-${key.slice(0, 8)}`,
      varied: { ranks: count, repeat },
      config,
      key: `${key} ${repeat}`,
    })),
  );

  async function configOf(count: number): Promise<TrainConfig> {
    const fixed = { ranks: count, epochs: 1, batchesPerEpoch: withWarmSteps(steps) };
    const first: Given = { source: { kind: "program" }, values: fixed };
    const config = trainConfig([first, ...sources, defaultsFor(mode, method, most)], count, method);
    return mode === "strong" ? config : larger(config, count, most, knowledge);
  }
}

function defaultsFor(mode: Mode, method: MethodDescription, most: number): Given {
  const hasSubdomains = method.decomposes === true || method.shards === true;
  // Converged or not, its steps are measured.
  const values = {
    threads: 1,
    tolerance: 0,
    ...(mode === "strong" && hasSubdomains ? { subdomains: most } : {}),
  };
  return { source: { kind: "program" }, values };
}

/**
 * The configuration with as much more work as there are more ranks: mini-batches of so many times the samples or, of a
 * batch that is all samples or a share of them, so many times the samples.
 */
async function larger(
  config: TrainConfig,
  ranks: number,
  most: number,
  knowledge: DataKnowledge,
): Promise<TrainConfig> {
  const { trainSamples, batchSize } = config;
  if (batchSize !== undefined) {
    const { count } = await knowledge.of(config);
    if (batchSize * most <= count) return { ...config, batchSize: batchSize * ranks };
    throw new UsageError(
      `Expected at least ${batchSize * most} training samples, mini-batches of ${batchSize} for each of ${most} ranks, got ${count}. ` +
        "Give a smaller --batch-size, or more samples.",
    );
  }
  const { count } = await knowledge.of({ ...config, trainSamples: undefined });
  const each = trainSamples ?? Math.floor(count / most);
  if (each > 0 && each * most <= count) return { ...config, trainSamples: each * ranks };
  throw new UsageError(
    `Expected at least ${Math.max(1, each) * most} training samples, ${Math.max(1, each)} for each of ${most} ranks, got ${count}. ` +
      "Give fewer --train-samples, which are those of a rank here.",
  );
}

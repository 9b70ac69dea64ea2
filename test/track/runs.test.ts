import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { readMetrics } from "../../src/report/metrics.js";
import type { RunRecord } from "../../src/run/folder/record.js";
import { runApts, SMALL, startApts, temporaryFolder } from "../helpers/apts.js";
import { modelOf, recordIn, summaryIn } from "../helpers/run-folder.js";
import { eventFiles, hyperParametersIn, scalarsIn } from "../helpers/track/event-files.js";
import { expectedOf, inFloat32 } from "../helpers/track/expected.js";
import { csvIn, mlflowIn } from "../helpers/track/stores.js";
import { wandbIn } from "../helpers/track/wandb-files.js";

const TWO = ["train", ...SMALL, "--ranks", "2", "--threads", "1"];

/** A whole run of that. */
async function trained(...options: string[]): Promise<string> {
  const out = join(temporaryFolder(), "run");
  const { code, stderr } = await runApts([...TWO, "--epochs", "3", "--out", out, ...options]);
  expect(code, stderr).toBe(0);
  return out;
}

async function expectResumed(out: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await runApts(["train", "--resume", out, ...options]);
  expect(code, stderr).toBe(0);
}

async function expectTracked(out: string): Promise<void> {
  const lines = await readMetrics(out);
  expect(scalarsIn(out)).toEqual(inFloat32(expectedOf(lines)));
  const steps = scalarsIn(join(out, "batches"));
  expect([...steps.keys()]).toEqual(expect.arrayContaining(["batch/loss", "batch/accepted"]));
  const last = lines.reduce((sum, { steps: made }) => sum + made, 0);
  for (const step of steps.get("batch/loss")!.keys()) {
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThanOrEqual(last);
  }
}

describe("a run of two ranks", () => {
  it("leaves event files beside metrics.jsonl that say the same, and its options", async () => {
    const out = await trained();
    await expectTracked(out);
    const record: RunRecord = recordIn(out);
    expect(record.options.track).toEqual(["tensorboard"]);
    expect(hyperParametersIn(out)).toMatchObject({
      method: "sapts",
      data: "digits",
      hidden: "16",
      epochs: 3,
      seed: 0,
    });
    expect(Object.keys(hyperParametersIn(out))).not.toContain("out");
    expect(readdirSync(out).filter((name) => name.endsWith(".csv") || name === "mlruns")).toEqual([]);
  });

  it("trains alike with other trackers, which say the same, or none", async () => {
    const several = await trained("--track", "csv,mlflow");
    const none = await trained("--track", "none");
    expect(modelOf(several)).toBe(modelOf(none));
    expect([eventFiles(several), eventFiles(none)]).toEqual([[], []]);
    for (const name of ["batches", "metrics.csv", "mlruns"]) expect(existsSync(join(none, name))).toBe(false);
    expect(existsSync(join(several, "batches"))).toBe(false);

    const expected = expectedOf(await readMetrics(several));
    const table = csvIn(join(several, "metrics.csv"));
    expect(table).toEqual(expected);
    const { metrics, batch, meta, params } = mlflowIn(join(several, "mlruns"));
    expect(metrics).toEqual(expected);
    expect(batch).toEqual(csvIn(join(several, "batches.csv")));
    expect(meta).toMatchObject({ status: 3, run_name: "run" });
    expect(params).toMatchObject({ method: "sapts", hidden: "16", epochs: "3" });
  });

  it("that was killed and goes on leaves what one leaves that was not", async () => {
    const out = join(temporaryFolder(), "run");
    const often = ["--checkpoint-every", "2", "--checkpoint-minutes", "0.001"];
    const tracked = ["--track", "tensorboard,csv,mlflow,wandb-offline"];
    const begun = startApts([...TWO, ...often, ...tracked, "--epochs", "100000", "--out", out]);
    await begun.saw(/epoch +5\//);
    begun.process.kill("SIGKILL");
    await begun.finished;
    const further = (await readMetrics(out)).length + 2;
    await expectResumed(out, "--epochs", String(further));
    await expectTracked(out);
    const expected = expectedOf(await readMetrics(out));
    expect(expected.get("loss")!.size).toBe(further);
    expect(csvIn(join(out, "metrics.csv"))).toEqual(expected);
    expect(mlflowIn(join(out, "mlruns")).metrics).toEqual(expected);
    expect(wandbIn(out)[0]).toEqual(expected);
  });

  it("that was stopped goes on with another tracker", async () => {
    const out = join(temporaryFolder(), "run");
    const begun = startApts([...TWO, "--track", "mlflow", "--epochs", "100000", "--out", out]);
    await begun.saw(/epoch +1\//);
    begun.process.kill("SIGINT");
    expect((await begun.finished).code).toBe(130);
    expect(mlflowIn(join(out, "mlruns")).meta).toMatchObject({ status: 5 });
    const further = summaryIn(out).epochs + 2;
    await expectResumed(out, "--track", "csv", "--epochs", String(further));
    expect(recordIn(out).options.track).toEqual(["csv"]);
    const expected = expectedOf(await readMetrics(out)).get("loss")!;
    const own = csvIn(join(out, "metrics.csv")).get("loss")!;
    expect([...own]).toEqual([...expected].slice(-own.size));
    expect(own.size).toBeGreaterThanOrEqual(2);
  });

  it("whose loss is no number any more has failed", async () => {
    const out = join(temporaryFolder(), "run");
    const wild = ["--method", "sgd", "--learning-rate", "1e30", "--track", "mlflow", "--epochs", "50"];
    const { code } = await runApts([...TWO, ...wild, "--out", out]);
    expect(code).toBe(1);
    expect(mlflowIn(join(out, "mlruns")).meta).toMatchObject({ status: 4 });
  });
});

describe("--track", () => {
  it.each(["nowhere", "csv,nowhere", "none,csv", "csv,csv"])("%s is refused in a sentence", async (name) => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr } = await runApts([...TWO, "--track", name, "--out", out]);
    expect(code).toBe(2);
    expect(stderr.trim()).toBe(
      `apts: Expected --track to be one or more of tensorboard, csv, mlflow, wandb-offline, separated by commas, or none, got "${name}".`,
    );
    expect(existsSync(out)).toBe(false);
  });
});

/** What TensorBoard's own reader finds in the folders of a run: values by tag and step, and the hyper-parameters. */
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
found = {}
for folder in sys.argv[1:]:
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    for tag in events.Tags()["scalars"]:
        found[tag] = [[event.step, event.value] for event in events.Scalars(tag)]
    for tag in events.Tags()["tensors"]:
        content = events.SummaryMetadata(tag).plugin_data.content
        hparams = metadata.parse_session_start_info_plugin_data(content).hparams
        found[tag] = {name: getattr(v, v.WhichOneof("kind")) for name, v in hparams.items()}
print(json.dumps(found))
`;

describe("TensorBoard's own reader", () => {
  let hasReader: boolean;
  beforeAll(() => {
    hasReader = spawnSync("python3", ["-c", "import tensorboard"]).status === 0;
  });

  it(
    "finds what metrics.jsonl says, after a resume too, and the options",
    { timeout: 300_000 },
    async (context) => {
      if (!hasReader) context.skip("there is no TensorBoard here: python3 cannot import it");
      const out = await trained("--checkpoint-every", "2");
      await expectResumed(out, "--epochs", "5");
      const { stdout, stderr } = spawnSync("python3", ["-c", READER, out, join(out, "batches")]);
      expect(stdout.length, String(stderr)).toBeGreaterThan(0);
      const { "_hparams_/session_start_info": hyperParameters, ...tags } = JSON.parse(
        String(stdout),
      ) as Record<string, [number, number][]>;
      const found = new Map(Object.entries(tags).map(([tag, values]) => [tag, new Map(values)]));
      const own = new Map([...scalarsIn(out), ...scalarsIn(join(out, "batches"))]);
      expect(found).toEqual(own);
      for (const [tag, values] of inFloat32(expectedOf(await readMetrics(out))))
        expect(found.get(tag)).toEqual(values);
      expect(hyperParameters).toEqual(hyperParametersIn(out));
    },
  );
});

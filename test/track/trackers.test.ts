import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCsv } from "../../src/track/csv.js";
import { openMlflow } from "../../src/track/mlflow.js";
import { openTensorBoard } from "../../src/track/tensorboard/tracker.js";
import { openWandbOffline } from "../../src/track/wandb/tracker.js";
import type { TrackedRun, Tracker } from "../../src/track/tracker.js";
import { temporaryFolder } from "../helpers/apts.js";
import { fill, smallDisk } from "../helpers/run/small-disk.js";
import { eventFiles, eventsIn, hyperParametersIn, scalarsIn } from "../helpers/track/event-files.js";
import { csvIn, mlflowIn } from "../helpers/track/stores.js";
import { valuesOf, wandbFile, wandbIn, wandbRecords } from "../helpers/track/wandb-files.js";

const STEPS = 3; // of an epoch
const LAST = 5;

const runAt = (folder: string, epochs: number): TrackedRun => ({
  folder,
  hyperParameters: { epochs: LAST, method: "sapts", shuffle: true },
  epochs,
  steps: STEPS * epochs,
});

async function write(tracker: Tracker, from: number, to: number): Promise<void> {
  for (let epoch = from + 1; epoch <= to; epoch++) {
    for (let step = (epoch - 1) * STEPS + 1; step <= epoch * STEPS; step++)
      await tracker.step(step, { loss: 1 / step, radius: null, accepted: step % 2 });
    await tracker.epoch(epoch, { loss: 1 / epoch, val_loss: epoch > 2 ? 2 / epoch : null, steps: STEPS });
  }
}

const trackers = {
  tensorboard: {
    open: openTensorBoard,
    read: (folder: string) => [scalarsIn(folder), scalarsIn(join(folder, "batches"))],
  },
  csv: {
    open: openCsv,
    read: (folder: string) => ["metrics.csv", "batches.csv"].map((name) => csvIn(join(folder, name))),
  },
  mlflow: {
    open: openMlflow,
    read: (folder: string) => {
      const { metrics, batch } = mlflowIn(join(folder, "mlruns"));
      return [metrics, batch];
    },
  },
  "wandb-offline": { open: openWandbOffline, read: wandbIn },
};

const sizesIn = (folder: string): Map<string, number> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, statSync(path).size]),
  );

describe.each(Object.entries(trackers))("%s", (_, { open, read }) => {
  it("reads as if its writer had never been killed, wherever that was and whatever it goes on from", async () => {
    const whole = temporaryFolder();
    await write(await open(runAt(whole, 0)), 0, LAST);
    const wanted = read(whole);
    expect([...wanted[0].get("val_loss")!.keys()]).toEqual([3, 4, 5]);
    expect(wanted[0].get("loss")!.size).toBe(LAST);
    expect(wanted[1].size).toBeGreaterThan(0);
    const parts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(LAST), fc.nat(LAST), parts, async (a, b, shares) => {
        const folder = temporaryFolder();
        let done = 0;
        let tracker = await open(runAt(folder, 0));
        for (const checkpoint of [Math.min(a, b), Math.max(a, b)]) {
          await write(tracker, done, checkpoint);
          const saved = sizesIn(folder);
          await write(tracker, checkpoint, LAST);
          for (const [i, [path, size]] of [...sizesIn(folder)].entries()) {
            const least = saved.get(path) ?? 0;
            truncateSync(path, least + Math.floor((size - least) * shares[i % shares.length]!));
          }
          tracker = await open(runAt(folder, checkpoint));
          done = checkpoint;
        }
        await write(tracker, done, LAST);
        expect(read(folder)).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });

  it("of another run that left no checkpoint is emptied", async () => {
    const folder = temporaryFolder();
    await write(await open(runAt(folder, 0)), 0, 3);
    await write(await open(runAt(folder, 0)), 0, 1);
    const fresh = temporaryFolder();
    await write(await open(runAt(fresh, 0)), 0, 1);
    expect(read(folder)).toEqual(read(fresh));
  });

  it("has every epoch once a full disk has room again", async (context) => {
    const disk = smallDisk(context);
    const tracker = await open(runAt(disk, 0));
    await tracker.epoch(1, { loss: 1 });
    fill(join(disk, "filler"));
    let epoch = 1;
    for (let failed = 0; failed < 3;) {
      epoch++;
      await tracker.epoch(epoch, { loss: 1 / epoch }).catch((error: unknown) => {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
        failed++;
      });
    }
    rmSync(join(disk, "filler"));
    await tracker.epoch(epoch + 1, { loss: 0 });
    expect([...read(disk)[0].get("loss")!.keys()]).toEqual(
      Array.from({ length: epoch + 1 }, (_, i) => i + 1),
    );
  });
});

describe("tensorboard", () => {
  it("begins each file with its version, the hyper-parameters, and from which step on others are void", async () => {
    const folder = temporaryFolder();
    await write(await openTensorBoard(runAt(folder, 0)), 0, 3);
    await write(await openTensorBoard(runAt(folder, 2)), 2, 3);
    const files = eventFiles(folder);
    expect(files).toHaveLength(2);
    for (const [i, file] of files.entries()) {
      const [version, , restart, first] = eventsIn(file);
      expect(version).toMatchObject({ file_version: "brain.Event:2" });
      expect(restart).toMatchObject({ step: 2 * i + 1, session_log: { status: "START" } });
      expect(first).toMatchObject({ step: 2 * i + 1 });
    }
    expect(hyperParametersIn(folder)).toEqual({ epochs: LAST, method: "sapts", shuffle: true });
  });

  it("leaves event files of others alone", async () => {
    const folder = temporaryFolder();
    const other = join(folder, "events.out.tfevents.1.host.v2");
    writeFileSync(other, "of others");
    await openTensorBoard(runAt(folder, 0));
    expect(readFileSync(other, "utf8")).toBe("of others");
  });
});

describe("csv", () => {
  it("has a column more where a run that goes on measures more, empty before", async () => {
    const folder = temporaryFolder();
    await (await openCsv(runAt(folder, 0))).epoch(1, { loss: 0.5, 'val_"a, b"\nc': 1 });
    const tracker = await openCsv(runAt(folder, 1));
    await tracker.epoch(2, { loss: 0.25, val_precision: 1 });
    await tracker.epoch(3, { loss: 0.125, val_precision: 0.5 });
    expect(readFileSync(join(folder, "metrics.csv"), "utf8")).toBe(
      'epoch,loss,"val_""a, b"" c",val_precision\n1,0.5,1,\n2,0.25,,1\n3,0.125,,0.5\n',
    );
  });
});

describe("mlflow", () => {
  it("keeps the run, and when it began, and says how it ended", async () => {
    const folder = temporaryFolder();
    const store = join(folder, "mlruns");
    await write(await openMlflow(runAt(folder, 0)), 0, 2);
    const begun = mlflowIn(store);
    expect(begun.meta).toMatchObject({
      status: 1,
      end_time: null,
      lifecycle_stage: "active",
      source_type: 4,
    });
    expect(begun.meta["run_id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(begun.experiment).toMatchObject({
      experiment_id: "0",
      name: "Default",
      lifecycle_stage: "active",
    });
    expect(begun.params).toEqual({ epochs: "5", method: "sapts", shuffle: "true" });
    expect(begun.tags["mlflow.runName"]).toBe(begun.meta["run_name"]);
    const tracker = await openMlflow(runAt(folder, 2));
    await write(tracker, 2, 3);
    await tracker.end("finished");
    const { meta } = mlflowIn(store);
    expect(meta).toEqual({ ...begun.meta, status: 3, end_time: expect.any(Number) as number });
  });

  it("quotes texts that YAML of version 1.1, which MLflow reads, takes for something else", async () => {
    const folder = join(temporaryFolder(), "2026-11-28");
    mkdirSync(folder);
    await openMlflow(runAt(folder, 0));
    const experiment = join(folder, "mlruns", "0");
    const id = readdirSync(experiment).find((name) => name.length === 32)!;
    const meta = readFileSync(join(experiment, id, "meta.yaml"), "utf8");
    expect(meta).toContain('\nrun_name: "2026-11-28"\n');
    expect(meta).toContain('\nexperiment_id: "0"\n');
    expect(meta).toMatch(/\nstatus: 1\n/);
  });

  it("makes no file outside its folder, whatever a metric is called", async () => {
    const folder = temporaryFolder();
    await (await openMlflow(runAt(folder, 0))).epoch(1, { "val_../../../../x": 1, val_größe: 2 });
    expect([...mlflowIn(join(folder, "mlruns")).metrics.keys()].sort()).toEqual([
      "val_.._.._.._.._x",
      "val_größe",
    ]);
    expect(existsSync(join(folder, "..", "x"))).toBe(false);
  });
});

describe("wandb-offline", () => {
  it("keeps the run under its id, cuts its end, and says how it ended then", async () => {
    const folder = temporaryFolder();
    const first = await openWandbOffline(runAt(folder, 0));
    await write(first, 0, 3);
    await first.end("stopped");
    const path = wandbFile(folder);
    const begun = wandbRecords(path);
    expect(begun[0]!.run).toMatchObject({
      run_id: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      project: "apts",
    });
    expect(valuesOf(begun[1]!.config!.update)).toEqual({ epochs: LAST, method: "sapts", shuffle: true });
    expect(begun.at(-1)!.exit).toMatchObject({ exit_code: 255 });
    expect(valuesOf(begun.at(-2)!.summary!.update)).toMatchObject({ loss: 1 / 3, epoch: 3 });

    writeFileSync(`${path}.synced`, "");
    const tracker = await openWandbOffline(runAt(folder, 2));
    expect(existsSync(`${path}.synced`)).toBe(false);
    await write(tracker, 2, 3);
    await tracker.end("finished");
    const records = wandbRecords(wandbFile(folder));
    expect(records.filter(({ run }) => run)).toEqual([begun[0]]);
    expect(records.filter(({ exit }) => exit)).toHaveLength(1);
    expect(records.at(-1)!.exit!.exit_code ?? 0).toBe(0);
  });

  it("counts on the seconds that the run took before", async () => {
    const folder = temporaryFolder();
    await write(await openWandbOffline(runAt(folder, 0)), 0, 2);
    await write(await openWandbOffline(runAt(folder, 2)), 2, 3);
    const rows = wandbRecords(wandbFile(folder)).flatMap(({ history }) =>
      history ? [valuesOf(history.item)] : [],
    );
    const seconds = rows.map((row) => row["_runtime"] as number);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
  });
});

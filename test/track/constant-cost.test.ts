import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runApts, temporaryFolder } from "../helpers/apts.js";

const METHOD = fileURLToPath(new URL("../helpers/track/counting-method.mjs", import.meta.url));
const EPOCHS = 800;
const WINDOW = 100;

it.skipIf(!existsSync("/proc/self/io"))(
  "an epoch reads and writes as much at a run's end as at its beginning",
  { timeout: 300_000 },
  async () => {
    const folder = temporaryFolder();
    const counts = join(folder, "counts");
    const { code, stderr } = await runApts(
      [
        ...["train", "--method", METHOD, "--ranks", "1", "--threads", "1", "--epochs", String(EPOCHS)],
        ...["--data", "digits", "--train-samples", "60", "--test-samples", "20", "--hidden", "4"],
        ...[
          "--track",
          "tensorboard,csv,mlflow,wandb-offline",
          "--checkpoint-every",
          "4",
          "--out",
          join(folder, "run"),
        ],
      ],
      { environment: { COUNTS: counts } },
    );
    expect(code, stderr).toBe(0);
    const lines = readFileSync(counts, "utf8").trim().split("\n");
    expect(lines).toHaveLength(EPOCHS);
    const at = (epoch: number): number[] => lines[epoch]!.split(" ").map(Number);
    const taken = (from: number): number[] => at(from + WINDOW).map((count, i) => count - at(from)[i]!);
    const [early, late] = [taken(WINDOW), taken(EPOCHS - WINDOW - 1)];
    // A file that were read or written anew each epoch would make these several times as large.
    for (const [i, count] of late.entries())
      expect(count, `${early.join()}; ${late.join()}`).toBeLessThan(1.25 * early[i]!);
    for (const count of early) expect(count).toBeGreaterThan(WINDOW);
  },
);

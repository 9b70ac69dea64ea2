import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { SweepRecord } from "../../src/sweep/record.js";
import { temporaryFolder } from "../helpers/apts.js";
import { built } from "../helpers/built.js";

const ENDED = "apts train has ended with exit code";

it("the table of a submitted sweep says what the folders and logs of its runs say, whoever writes it", async () => {
  const out = temporaryFolder();
  const logs = {
    finished: `epoch 1\n${ENDED} 0\n`,
    failed: `apts: an older reason\n${ENDED} 2\nepoch 1\napts: The loss is no number.\nsrun: error\n${ENDED} 1\n`,
    killed: `epoch 1\nsrun: out of memory\n${ENDED} 137\n`,
    stopped: `epoch 1\n${ENDED} 143\n`,
    "goes on": `apts: an older reason\n${ENDED} 1\nepoch 1\n`,
    waits: undefined,
  };
  const runs = Object.entries(logs).map(([name, log], seed) => {
    mkdirSync(join(out, "runs", name), { recursive: true });
    if (log !== undefined) writeFileSync(join(out, "runs", `${name}.log`), log);
    return { name, options: { seed }, key: name, state: "open" as const };
  });
  const summary = { ended: "epochs", epochs: 1, loss: 0.5, metrics: {} };
  writeFileSync(join(out, "runs", "finished", "summary.json"), JSON.stringify(summary));
  writeFileSync(join(out, "sweep.json"), JSON.stringify({ apts: "1", name: "sweep", runs }));

  const update = built("src/sweep/update-table.ts");
  await Promise.all(["a", "b", "c"].map(() => promisify(execFile)(process.execPath, [update, out])));
  const known = (JSON.parse(readFileSync(join(out, "sweep.json"), "utf8")) as SweepRecord).runs;
  expect(known).toEqual([
    { ...runs[0], state: "finished" },
    { ...runs[1], state: "failed", failure: "The loss is no number." },
    { ...runs[2], state: "failed", failure: "The run ended with exit code 137. srun: out of memory" },
    ...runs.slice(3),
  ]);
  expect(readFileSync(join(out, "runs.csv"), "utf8").split("\n").map((line) => line.split(",")[0])).toEqual(["run", "finished", "failed", "killed", ""]); // prettier-ignore
});

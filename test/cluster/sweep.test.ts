import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { SweepRecord } from "../../src/sweep/record.js";
import { APTS } from "../helpers/apts.js";
import { describeOnHosts } from "../helpers/cluster/bed.js";
import { expectIdle, expectSuccess, newFolder } from "../helpers/cluster/training.js";

const SMALL = "data: digits, trainSamples: 300, testSamples: 100, hidden: [8], epochs: 2";

await describeOnHosts("apts sweep over ssh", { hosts: 2 }, (bed) => {
  it("gives each run a slot of one of the hosts", { timeout: 300_000 }, async () => {
    const folder = newFolder();
    const [file, hosts, out] = ["sweep.yaml", "hosts.txt", "out"].map((name) => join(folder, name));
    writeFileSync(file!, `base: { ${SMALL}, ranks: 2 }\nparameters: { method: [adam, sgd], seed: [0, 1] }\n`);
    writeFileSync(hosts!, "n1 slots=2\nn2 slots=3\n");
    const sweep = ["sweep", file!, "--hosts", hosts!, "--out", out!];
    expectSuccess(await bed.run("login", [process.execPath, APTS, ...sweep]));
    const { runs } = JSON.parse(readFileSync(join(out!, "sweep.json"), "utf8")) as SweepRecord;
    expect(runs.map(({ state }) => state)).toEqual(["finished", "finished", "finished", "finished"]);
    const used = runs.map(({ name }) => {
      const logs = join(out!, "runs", name, "logs");
      const lines = readdirSync(logs).map((log) => readFileSync(join(logs, log), "utf8").split("\n")[0]!);
      return new Set(lines.map((line) => (JSON.parse(line) as { host: string }).host));
    });
    for (const of of used) expect(of.size).toBe(1);
    expect(new Set(used.flatMap((of) => [...of]))).toEqual(new Set(["n1", "n2"]));
    await expectIdle(bed, ["n1", "n2"], 5);
  });

  it("refuses runs of more ranks than any host has slots", async () => {
    const folder = newFolder();
    const [file, hosts] = ["sweep.yaml", "hosts.txt"].map((name) => join(folder, name));
    writeFileSync(file!, `base: { ${SMALL}, ranks: 3 }\n`);
    writeFileSync(hosts!, "n1 slots=1\nn2 slots=2\n");
    const sweep = ["sweep", file!, "--hosts", hosts!, "--out", join(folder, "out")];
    const { code, stderr } = await bed.run("login", [process.execPath, APTS, ...sweep]);
    expect(code).toBe(2);
    expect(stderr).toContain("Expected runs of at most 2 ranks, the slots of n2 in ");
  });
});

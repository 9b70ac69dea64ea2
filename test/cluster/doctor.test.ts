import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Examination } from "../../src/job/doctor/facts.js";
import type { Finding } from "../../src/job/doctor/finding.js";
import { APTS, temporaryFolder } from "../helpers/apts.js";
import { describeOnHosts } from "../helpers/cluster/bed.js";

await describeOnHosts("apts doctor over ssh", { hosts: 3 }, (bed) => {
  const examine = async (...hosts: string[]) => {
    const file = join(temporaryFolder(), "hosts.txt");
    writeFileSync(file, hosts.join("\n"));
    const command = [process.execPath, APTS, "doctor", "--backend", "cpu", "--json", "--hostfile", file];
    const { code, stdout, stderr } = await bed.run("login", command);
    expect(stderr).toBe("");
    const { findings, examination } = JSON.parse(stdout) as { findings: Finding[]; examination: Examination };
    const wrong = findings.filter(({ state }) => state === "problem");
    return { code, wrong, examination };
  };

  it("examines all hosts, and measures between each pair", async () => {
    const { code, wrong, examination } = await examine("n1", "n2", "n3");
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    expect(examination.facts.map((facts) => [facts!.hostname, facts!.outward.interface])).toEqual(
      ["n1", "n2", "n3"].map((name) => [name, "eth0"]),
    );
    expect(examination.pairs.map(({ from, to }) => `${from}-${to}`).sort()).toEqual(["0-1", "0-2", "1-2"]);
    expect(examination.facts[0]!.names).toMatchObject({ n2: "10.99.0.2", n3: "10.99.0.3" });
  });

  it("says which hosts cannot reach each other, and examines the others where one is not there", async () => {
    await bed.run("n1", ["ip", "route", "add", "unreachable", "10.99.0.2/32"]);
    try {
      const { code, wrong, examination } = await examine("n1", "n2", "nowhere");
      expect(code).toBe(1);
      expect(wrong.map(({ host, subject }) => `${host!}: ${subject}`).sort()).toEqual([
        "n1: ports",
        "n2: ports",
        "nowhere: start",
      ]);
      expect(wrong.find(({ host }) => host === "n1")!.found).toMatch(
        /^cannot reach n2 at 10\.99\.0\.2:\d+: /,
      );
      expect(examination.facts).toHaveLength(2);
    } finally {
      await bed.run("n1", ["ip", "route", "del", "unreachable", "10.99.0.2/32"]);
    }
  });
});

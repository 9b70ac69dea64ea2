import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { describeOnHosts, fixture, type Outcome } from "../helpers/cluster/bed.js";
import { expectModel, expectSuccess, newFolder, RUN, train } from "../helpers/cluster/training.js";

const TIME = { timeout: 300_000 };
const SUM = fixture("sum.mjs");
const installed = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const lines = ({ stdout }: Outcome): string[] => stdout.trim().split("\n").sort();

await describeOnHosts("ranks that others start, on several hosts", { hosts: 3 }, (bed) => {
  it("are the pods of hosts/kubernetes-job.yaml, whose names appear late", TIME, async () => {
    const folder = newFolder();
    const key = join(folder, "key");
    writeFileSync(key, "0123456789abcdef0123456789abcdef");
    interface Container {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value: string }[];
    }
    interface Job {
      readonly kind: string;
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
    }
    const manifest = parseAllDocuments(readFileSync(resolve("hosts/kubernetes-job.yaml"), "utf8"));
    const job = manifest.map((document) => document.toJS() as Job).find(({ kind }) => kind === "Job")!;
    const [{ env }] = job.spec.template.spec.containers as [Container];
    const variables = {
      ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
      WORLD_SIZE: "3",
      APTS_JOB_KEY_FILE: key,
    };
    expect(Object.keys(variables).sort()).toEqual([
      "APTS_JOB_KEY_FILE",
      "MASTER_ADDR",
      "MASTER_PORT",
      "WORLD_SIZE",
    ]);
    const out = join(folder, "run");
    const pods = [0, 1, 2].map((index) =>
      bed.run(`n${index + 1}`, train(...RUN, "--epochs", "4", "--out", out), {
        ...variables,
        JOB_COMPLETION_INDEX: String(index),
      }),
    );
    await sleep(4000); // longer than a name that is there takes
    expectSuccess(await bed.run("login", ["sh", "-c", "echo 10.99.0.1 apts-0.apts >>/run/bed/hosts"]));
    for (const pod of await Promise.all(pods)) expectSuccess(pod);
    await expectModel(out, 4);
  });

  it.skipIf(!installed("mpirun.openmpi"))(
    "are Open MPI's, by ssh, and no argument holds their key",
    TIME,
    async () => {
      const open = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
      const mpirun = (host: string, hosts: string, ...command: string[]): Promise<Outcome> =>
        bed.run(host, ["mpirun.openmpi", "-H", hosts, "--bind-to", "none", ...command], open);
      const shown = await mpirun("n1", "n1:2,n2:1", process.execPath, SUM);
      expect(lines(shown), shown.stderr).toEqual(["sum 6 on n1", "sum 6 on n1", "sum 6 on n2"]);
      const key = 'ENVIRON["OMPI_MCA_orte_precondition_transports"]';
      const search = `sleep 1; cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | awk 'index($0, ${key}) { n++ } END { print n + 0 }'`;
      expect(lines(await mpirun("n1", "n1:1,n2:1", "sh", "-c", search))).toEqual(["0", "0"]);
      // Where rank 0 is not beside mpirun it is said at once, with what to do; then it works.
      const elsewhere = await mpirun("n3", "n1:1,n2:1", process.execPath, SUM);
      expect(elsewhere.code).not.toBe(0);
      expect(elsewhere.stderr).toMatch(/Set MASTER_ADDR=n1 and MASTER_PORT/);
      const told = ["-x", "MASTER_ADDR=n1", "-x", "MASTER_PORT=29500"];
      const there = await mpirun("n3", "n1:1,n2:1", ...told, process.execPath, SUM);
      expect(lines(there), there.stderr).toEqual(["sum 3 on n1", "sum 3 on n2"]);
    },
  );

  it.skipIf(!installed("mpiexec.hydra"))(
    "are MPICH's, by ssh, and train as one rank does",
    TIME,
    async () => {
      const out = join(newFolder(), "run");
      const mpiexec = ["mpiexec.hydra", "-hosts", "n1:2,n2:1", "-n", "3"];
      expectSuccess(await bed.run("n3", [...mpiexec, ...train(...RUN, "--epochs", "4", "--out", out)]));
      await expectModel(out, 4);
    },
  );
});

/** Names that would change a job script, were they written into it as they are. */
const HOSTILE = [
  "two words",
  `it's "quoted" #comment back\\slash`,
  "$(touch pwned) `touch pwned`; touch pwned",
  "--partition=other",
  "%j",
  "ünï",
];

await describeOnHosts("job scripts of apts submit", { hosts: 1, gpus: 1, slurm: true }, (bed) => {
  const submit = (folder: string, ...args: string[]): Promise<Outcome> =>
    bed.run("login", [
      "sh",
      "-c",
      `cd '${folder}' && exec "$@"`,
      "sh",
      ...train().slice(0, -1),
      "submit",
      ...args,
    ]);

  it.each(HOSTILE)("hand SLURM the name %j as it is, and nothing else", TIME, async (name) => {
    const folder = newFolder();
    const submitted = await submit(folder, `--job-name=${name}`, ...RUN, "--epochs", "1", "--out", "run");
    expectSuccess(submitted);
    const [, job] = /^Submitted job (\d+):/.exec(submitted.stdout)!;
    const shown = (await bed.run("login", ["scontrol", "show", "job", job!])).stdout;
    expect(/JobName=(.*)/.exec(shown)![1]).toBe(name);
    expect(shown).toContain("NumNodes=1");
    await bed.run("login", ["scancel", job!]);
  });

  it("refuse what no line can hold, naming the option", TIME, async () => {
    const folder = newFolder();
    for (const [option, value] of [
      ["--job-name", "a\ntouch pwned"],
      ["--partition", "a\r#SBATCH --wrap"],
      ["--out", "run\ntouch pwned"],
    ] as const) {
      const { code, stderr } = await submit(folder, `${option}=${value}`, ...RUN, "--dry-run");
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(`^apts: Expected ${option} without line breaks`) as string,
      });
    }
  });
});

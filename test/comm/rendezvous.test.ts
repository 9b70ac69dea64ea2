import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { describe, expect, test } from "vitest";

import { connect } from "../../src/comm/index.js";
import { startRendezvous, type Rendezvous } from "../../src/comm/rendezvous/server.js";
import { newJob, toVariables, type RankEnvironment } from "../../src/rank/environment.js";
import { builtUrl } from "../helpers/built.js";

interface Job {
  readonly rendezvous: Rendezvous;
  readonly environment: (rank: number, changes?: Partial<RankEnvironment>) => RankEnvironment;
}

async function openJob(size: number, timeoutSeconds = 20, insecure = false): Promise<Job> {
  const job = { ...newJob(), size, timeoutSeconds, insecure };
  const rendezvous = await startRendezvous(job);
  return {
    rendezvous,
    environment: (rank, changes) => ({
      ...job,
      rank,
      localRank: rank,
      localSize: size,
      rendezvous: rendezvous.endpoint,
      ...changes,
    }),
  };
}

describe("rendezvous", () => {
  test("names the ranks that did not arrive, to all that did", async () => {
    const { rendezvous, environment } = await openJob(4, 5); // both come within, on a busy machine too
    const outcomes = await Promise.allSettled([connect(environment(0)), connect(environment(2))]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected" });
      expect(String((outcome as PromiseRejectedResult).reason)).toContain(
        "Expected 4 ranks to arrive within 5 s, but ranks 1, 3 did not.",
      );
    }
    await rendezvous.close();
  });

  test("refuses a rank of an earlier start, and lets the job's own ranks meet", async () => {
    const { rendezvous, environment } = await openJob(2);
    await expect(connect(environment(1, { jobId: "an-earlier-start" }))).rejects.toThrow(
      /rank 1 belongs to job an-earlier-start: it is left from an earlier start/,
    );
    const comms = await Promise.all([connect(environment(0)), connect(environment(1))]);
    await expect(connect(environment(1))).rejects.toThrow("All 2 ranks of this job have met already.");
    await Promise.all(comms.map((comm) => comm.barrier()));
    await Promise.all(comms.map((comm) => comm.close()));
    await rendezvous.close();
  });

  test("refuses a rank that comes twice, and one told of another size", async () => {
    const { rendezvous, environment } = await openJob(2);
    const first = connect(environment(0));
    await expect(connect(environment(1, { size: 3 }))).rejects.toThrow(
      "Expected 2 ranks, but rank 1 was told there are 3.",
    );
    await expect(connect(environment(0))).rejects.toThrow(
      /Expected each rank once, but rank 0 runs on .* already/,
    );
    const comms = await Promise.all([first, connect(environment(1))]);
    await Promise.all(comms.map((comm) => comm.close()));
    await rendezvous.close();
  });

  test.each([
    ["another key", { jobKey: newJob().jobKey }],
    ["no encryption where the job has it", { insecure: true }],
  ])("refuses a rank with %s", async (_, changes) => {
    const { rendezvous, environment } = await openJob(2);
    await expect(connect(environment(1, changes))).rejects.toThrow(/refuses the key of rank 1/);
    await rendezvous.close();
  });

  test("says within seconds that nobody can be reached, whatever a call may take", async () => {
    const { rendezvous, environment } = await openJob(2, 300);
    await rendezvous.close(); // its port is closed now
    const { host } = new URL(rendezvous.endpoint);
    const begun = performance.now();
    await expect(connect(environment(1))).rejects.toThrow(
      new RegExp(
        `reach the rendezvous at tcp://${host}, but nobody has answered there for 10 s.*"apts doctor --hostfile`,
      ),
    );
    expect(performance.now() - begun).toBeLessThan(60_000); // 10 s, on a machine that is not busy
  }, 300_000);

  test("says so where nobody listens", async () => {
    const { rendezvous, environment } = await openJob(2, 0.1);
    await rendezvous.close();
    await expect(connect(environment(1))).rejects.toThrow(/nobody answers there/);
  });

  test.each([true, false])("survives garbage thrown at its port (insecure: %s)", async (insecure) => {
    const { rendezvous, environment } = await openJob(2, 20, insecure);
    const { port } = new URL(rendezvous.endpoint);
    const stranger = connectSocket(Number(port), "127.0.0.1");
    await once(stranger, "connect");
    stranger.on("error", () => undefined);
    stranger.write(Buffer.from(Array.from({ length: 4096 }, (__, i) => (i * 37) % 256)));
    const comms = await Promise.all([connect(environment(0)), connect(environment(1))]);
    await Promise.all(comms.map((comm) => comm.barrier()));
    await Promise.all(comms.map((comm) => comm.close()));
    stranger.destroy();
    await rendezvous.close();
  });

  test("a key that is none is a clear error", async () => {
    const { rendezvous, environment } = await openJob(2);
    await expect(connect(environment(1, { jobKey: "secret" }))).rejects.toThrow(
      "Expected APTS_JOB_KEY to be 64 hexadecimal digits",
    );
    await rendezvous.close();
  });
});

test("a process that closes its communicator ends by itself", async () => {
  const { rendezvous, environment } = await openJob(2);
  const program = `
    const { init } = await import(${JSON.stringify(builtUrl("src/comm/index.ts"))});
    const comm = await init();
    const sum = await comm.allreduce(new Float32Array([comm.rank + 1]), "sum");
    await comm.close();
    console.log(sum[0]);
  `;
  const ranks = [0, 1].map((rank) =>
    spawn(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, ...toVariables(environment(rank)) },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const ended = ranks.map(async (rank) => {
    const output: Buffer[] = [];
    rank.stdout.on("data", (text: Buffer) => output.push(text));
    const [code] = (await once(rank, "close")) as [number];
    expect({ code, output: Buffer.concat(output).toString() }).toEqual({ code: 0, output: "3\n" });
  });
  await Promise.all(ended);
  await rendezvous.close();
}, 300_000);

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { startRendezvous } from "../../../src/comm/rendezvous/server.js";
import { newJob, toVariables, type RankEnvironment } from "../../../src/rank/environment.js";

export interface RankReport {
  readonly event: string;
  readonly rank: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly name?: string;
  readonly message?: string;
  readonly bytes?: number;
  readonly pid?: number;
}

export interface JobOptions extends Partial<RankEnvironment> {
  /** Arguments of the scenario. */
  readonly args?: readonly string[];
  /** Wraps the command of a rank, for instance in a network namespace. */
  readonly wrap?: (rank: number, command: readonly string[]) => readonly string[];
  /** Where the ranks find the rendezvous; default 127.0.0.1. */
  readonly host?: string;
}

const FIXTURE = fileURLToPath(new URL("./rank.mjs", import.meta.url));

/** Real rank processes that play a scenario of rank.mjs. */
export class RankProcesses implements AsyncDisposable {
  readonly reports: RankReport[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #ended: Promise<unknown>[] = [];
  #heard: () => void = () => undefined;

  static async start(scenario: string, size: number, options: JobOptions = {}): Promise<RankProcesses> {
    const { args = [], host, wrap, ...changes } = options;
    const job = {
      ...newJob(),
      size,
      timeoutSeconds: 30,
      insecure: false,
      ...changes,
    };
    const rendezvous = await startRendezvous({ ...job, ...(host ? { host } : {}) });
    const processes = new RankProcesses();
    for (let rank = 0; rank < size; rank++) {
      const environment = { ...job, rank, localRank: rank, localSize: size, rendezvous: rendezvous.endpoint };
      const command = [process.execPath, FIXTURE, scenario, ...args];
      processes.#spawn(wrap === undefined ? command : wrap(rank, command), {
        ...process.env,
        ...toVariables(environment),
      });
    }
    try {
      await processes.until(
        (reports) => reports.filter(({ event }) => event === "ready").length === size,
        60,
      );
    } catch (error) {
      await processes[Symbol.asyncDispose]();
      throw error;
    } finally {
      await rendezvous.close();
    }
    return processes;
  }

  #spawn([command, ...args]: readonly string[], env: NodeJS.ProcessEnv): void {
    const child = spawn(command!, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    createInterface(child.stdout).on("line", (line) => {
      this.reports.push(JSON.parse(line) as RankReport);
      this.#heard();
    });
    this.#children.push(child);
    this.#ended.push(once(child, "close"));
  }

  kill(rank: number, signal: NodeJS.Signals): void {
    this.#children[rank]!.kill(signal);
  }

  /** Waits until the reports are as wanted. */
  async until(wanted: (reports: readonly RankReport[]) => boolean, seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!wanted(this.reports)) {
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`not within ${seconds} s; reports: ${JSON.stringify(this.reports, null, 1)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The reports of an event, by rank, when all of `ranks` have made it. */
  async all(event: string, ranks: readonly number[], seconds: number): Promise<RankReport[]> {
    const find = (rank: number): RankReport | undefined =>
      this.reports.find((report) => report.event === event && report.rank === rank);
    await this.until(() => ranks.every((rank) => find(rank) !== undefined), seconds);
    return ranks.map((rank) => find(rank)!);
  }

  /** Waits until all processes have ended by themselves; returns their exit codes. */
  async end(seconds: number): Promise<(number | null)[]> {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => {
        reject(new Error(`processes still run after ${seconds} s: ${JSON.stringify(this.reports)}`));
      }, seconds * 1000).unref();
    });
    await Promise.race([Promise.all(this.#ended), late]);
    return this.#children.map((child) => child.exitCode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#ended);
  }
}

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { Writable, type Readable } from "node:stream";
import { LIFELINE_VARIABLE } from "../../src/rank/lifeline.js";
import { encodeRecord } from "../../src/rank/records.js";
import { textOf } from "../../src/host/files.js";
import { lineGroups } from "../lines.js";
import { settlesWithin } from "../waiting.js";
import type { MemoryKills } from "./memory-kills.js";
import type { FromAgent, OutputStream, RankStart } from "./protocol.js";
import type { Wrap } from "./wrappers.js";

/** Where a rank finds the pipe from its agent. Standard input, output and error come before it. */
const LIFELINE_DESCRIPTOR = 3;
/** How long descendants that outlived a rank may hold its output open without a word, and with words, in milliseconds. */
const SILENT_DRAIN = 500;
const LONGEST_DRAIN = 10_000;
const LONGEST_LINE = 1 << 20;
/** How a shell ends whose program was killed: 128 + SIGKILL. */
const KILLED_IN_SHELL = 137;

/** The states of a process that answers nobody, as /proc shows them. */
const HANGING: Readonly<Record<string, string>> = {
  T: "It was stopped (SIGSTOP, kill -STOP, a batch system that suspends jobs) and answered nobody",
  t: "It was stopped by a debugger and answered nobody",
  D: "It waited within the kernel, often for a disk or a network file system, and answered nobody",
};

/**
 * One rank: a process that leads a group of its own, so that a signal reaches whatever it started too.
 *
 * Nothing of it outlives this agent: it inherits the reading end of a pipe (see src/rank/lifeline.ts), and
 * where the host's `setpriv` can, the kernel kills it when the agent dies, however that happens.
 */
export class RankProcess {
  readonly #signals = new Set<NodeJS.Signals>();
  /** What it did when it was killed for its silence. */
  #hung: string | undefined;
  #child: ChildProcess | undefined;
  /** Lines that the launcher has not taken yet; how often it has taken some. */
  #underWay = 0;
  #taken = 0;
  /** Resolves when the rank has ended, its group is gone and its last output was sent. */
  readonly ended: Promise<void>;

  constructor(
    private readonly start: RankStart,
    private readonly inherited: NodeJS.ProcessEnv,
    private readonly wrap: Wrap,
    private readonly memoryKills: MemoryKills,
    private readonly send: (message: FromAgent) => Promise<void>,
  ) {
    this.ended = this.#run();
  }

  /** Sends a signal to the rank's whole group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    this.#signals.add(signal);
    this.#signalGroup(signal);
  }

  /** Hands a word to the rank, which reads it from its lifeline. */
  hand(word: unknown): void {
    const lifeline = this.#child?.stdio[LIFELINE_DESCRIPTOR];
    if (lifeline instanceof Writable) lifeline.write(encodeRecord(word));
  }

  /** Ends the rank: SIGTERM, after `graceSeconds` SIGKILL. */
  async stop(graceSeconds: number): Promise<void> {
    this.signal("SIGTERM");
    if (await settlesWithin(this.ended, graceSeconds * 1000)) return;
    this.signal("SIGKILL");
    await this.ended;
  }

  get rank(): number {
    return this.start.rank;
  }

  /** Kills the rank, which other ranks miss: if it is there it hangs, and would not hear anything milder. */
  killSilent(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    // "4711 (node) T …"
    const [state = ""] = textOf(`/proc/${pid}/stat`).split(") ").at(-1)!;
    this.#hung = HANGING[state] ?? "It was there, but answered nobody";
    this.signal("SIGKILL");
  }

  async #run(): Promise<void> {
    const { rank } = this.start;
    try {
      this.#child = spawnRank(this.start, this.inherited, this.wrap);
      await once(this.#child, "spawn");
    } catch (error) {
      this.#child = undefined;
      await this.send({ type: "notStarted", rank, message: (error as Error).message });
      return;
    }
    const child = this.#child;
    child.stdio[LIFELINE_DESCRIPTOR]!.on("error", () => undefined); // it ends with words unread
    const exited = once(child, "exit");
    await this.send({ type: "started", rank, pid: child.pid! });
    const drained = Promise.all([
      this.#forward("stdout", child.stdout!),
      this.#forward("stderr", child.stderr!),
    ]);
    await exited;
    this.#signalGroup("SIGKILL"); // what the rank left behind
    await this.#drain(drained);
    const { exitCode: code, signalCode: signal } = child;
    const hung = this.#hung !== undefined && signal === "SIGKILL";
    const asked = !hung && this.#signals.has(signal ?? "SIGTERM");
    const killed = signal === "SIGKILL" || code === KILLED_IN_SHELL;
    const outOfMemory = killed && !asked && !hung ? this.memoryKills.explain() : undefined;
    const reason = hung ? `${this.#hung!}: the launcher ended it.` : outOfMemory;
    await this.send({ type: "ended", rank, code, signal, asked, reason });
  }

  async #forward(stream: OutputStream, from: Readable): Promise<void> {
    for await (const lines of lineGroups(from, LONGEST_LINE)) {
      this.#underWay++;
      await this.send({ type: "output", rank: this.start.rank, stream, lines });
      this.#underWay--;
      this.#taken++;
    }
  }

  /** Waits for the last of the output, however slowly it is taken, but not for descendants that hold it open. */
  async #drain(drained: Promise<unknown>): Promise<void> {
    const end = performance.now() + LONGEST_DRAIN;
    for (let before = -1; before !== this.#taken || this.#underWay > 0;) {
      before = this.#taken;
      if ((await settlesWithin(drained, SILENT_DRAIN)) || performance.now() > end) return;
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#child!.pid!, signal);
    } catch {
      // The group is gone already.
    }
  }
}

function spawnRank(start: RankStart, inherited: NodeJS.ProcessEnv, wrap: Wrap): ChildProcess {
  const { command, args, cwd, environment, cpus } = start;
  const variables: NodeJS.ProcessEnv = {
    ...inherited,
    ...environment,
    [LIFELINE_VARIABLE]: String(LIFELINE_DESCRIPTOR),
  };
  if (!isDirectory(cwd)) throw new Error(`Expected the working directory ${cwd}, it does not exist here.`);
  const program = findProgram(command, cwd, variables["PATH"]);
  if (program === undefined) {
    const where = command.includes("/") ? "" : ` in PATH (${variables["PATH"] ?? ""})`;
    throw new Error(`Expected a program ${command}${where}, found none that can be run.`);
  }
  const [first, ...rest] = [...wrap(cpus), program, ...args];
  return spawn(first!, rest, {
    cwd,
    env: variables,
    detached: true, // a session, hence a process group, of its own
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
}

function findProgram(command: string, cwd: string, path = ""): string | undefined {
  const candidates = command.includes("/")
    ? [isAbsolute(command) ? command : join(cwd, command)]
    : path.split(delimiter).map((folder) => join(folder, command));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return !isDirectory(file);
    } catch {
      return false;
    }
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

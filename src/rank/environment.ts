import { randomBytes, randomUUID } from "node:crypto";
import { UsageError } from "../errors.js";

/**
 * What a launcher tells each rank, through the environment (never through arguments, which other users can read):
 *
 *   APTS_JOB_ID       names this start of the job; a restart gets another
 *   APTS_JOB_KEY      the job's secret, 64 hexadecimal digits; every link is encrypted with keys made from it
 *   APTS_RANK, APTS_SIZE, APTS_LOCAL_RANK, APTS_LOCAL_SIZE
 *   APTS_RENDEZVOUS   tcp://host:port where the ranks find each other
 *   APTS_TIMEOUT      deadline of every communication call, seconds
 *   APTS_INSECURE=1   no encryption (trusted network)
 *   APTS_TRANSPORT    auto (local sockets within a host, TCP between hosts; the default) or tcp (TCP everywhere)
 *   APTS_SHARED_MEMORY=0   payloads go through sockets within a host, too
 *   APTS_CORES        how many cores the rank has to itself
 *   APTS_RESTART_COUNT     how often the job was started again
 *   APTS_EVENTS=1     the launcher reads the rank's events (events.ts)
 *
 * Beside these stand APTS_LIFELINE (lifeline.ts), and what a program gives its own ranks.
 */
export interface RankEnvironment {
  readonly jobId: string;
  readonly jobKey: string;
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly rendezvous: string;
  /** What its user calls that place, where they have named another, from which ranks are led there. */
  readonly meetingPlace?: string;
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
  /** Default "auto". */
  readonly transport?: "auto" | "tcp";
  /** Default true: ranks of one host take long payloads from each other's memory where they can. */
  readonly sharedMemory?: boolean;
  readonly cores?: number | undefined;
  /** Default 0. */
  readonly restarts?: number | undefined;
  /** Default false. */
  readonly readsEvents?: boolean;
}

/** A fresh name and a fresh secret for one start of a job. */
export function newJob(): Pick<RankEnvironment, "jobId" | "jobKey"> {
  return { jobId: randomUUID(), jobKey: randomBytes(32).toString("hex") };
}

/** The variables that carry `environment` to a rank. */
export function toVariables(environment: RankEnvironment): Record<string, string> {
  return {
    APTS_JOB_ID: environment.jobId,
    APTS_JOB_KEY: environment.jobKey,
    APTS_RANK: String(environment.rank),
    APTS_SIZE: String(environment.size),
    APTS_LOCAL_RANK: String(environment.localRank),
    APTS_LOCAL_SIZE: String(environment.localSize),
    APTS_RENDEZVOUS: environment.rendezvous,
    APTS_TIMEOUT: String(environment.timeoutSeconds),
    ...(environment.insecure ? { APTS_INSECURE: "1" } : {}),
    ...(environment.transport ? { APTS_TRANSPORT: environment.transport } : {}),
    ...(environment.sharedMemory === false ? { APTS_SHARED_MEMORY: "0" } : {}),
    ...(environment.cores === undefined ? {} : { APTS_CORES: String(environment.cores) }),
    ...(environment.restarts === undefined ? {} : { APTS_RESTART_COUNT: String(environment.restarts) }),
    ...(environment.readsEvents ? { APTS_EVENTS: "1" } : {}),
  };
}

/** Reads the variables; undefined where this process was not started as a rank. */
export function fromVariables(variables: NodeJS.ProcessEnv): RankEnvironment | undefined {
  if (variables["APTS_RANK"] === undefined) return undefined;
  const text = (name: string): string => {
    const value = variables[name];
    if (value === undefined || value === "") {
      throw new UsageError(
        `Expected ${name} in the environment of a rank, found none. Start ranks with apts or apts-launch.`,
      );
    }
    return value;
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isFinite(value))
      throw new UsageError(`Expected ${name} to be a number, got "${text(name)}".`);
    return value;
  };
  const optional = (name: string): number | undefined =>
    variables[name] === undefined ? undefined : number(name);
  const transport = variables["APTS_TRANSPORT"] ?? "auto";
  if (transport !== "auto" && transport !== "tcp") {
    throw new UsageError(`Expected APTS_TRANSPORT to be auto or tcp, got "${transport}".`);
  }
  return {
    jobId: text("APTS_JOB_ID"),
    jobKey: text("APTS_JOB_KEY"),
    rank: number("APTS_RANK"),
    size: number("APTS_SIZE"),
    localRank: number("APTS_LOCAL_RANK"),
    localSize: number("APTS_LOCAL_SIZE"),
    rendezvous: text("APTS_RENDEZVOUS"),
    timeoutSeconds: number("APTS_TIMEOUT"),
    insecure: variables["APTS_INSECURE"] === "1",
    transport,
    sharedMemory: allowsSharedMemory(variables),
    cores: optional("APTS_CORES"),
    restarts: optional("APTS_RESTART_COUNT"),
    readsEvents: variables["APTS_EVENTS"] === "1",
  };
}

export function allowsSharedMemory(variables: NodeJS.ProcessEnv): boolean {
  return variables["APTS_SHARED_MEMORY"] !== "0";
}

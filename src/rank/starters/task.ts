import { isIPv6 } from "node:net";
import { UsageError } from "../../errors.js";

/** A process that something other than apts has started as one of several ranks. */
export interface Task {
  /** What started it, as messages name it. */
  readonly starter: string;
  readonly rank: number;
  readonly size: number;
  /** Its place among the ranks of its host, where the starter tells. */
  readonly localRank?: number | undefined;
  readonly localSize?: number | undefined;
  /** The same for all ranks of one start of a job, and another for another start where the starter tells them apart. */
  readonly job: string;
  readonly place: Place;
}

/** Where the ranks of a task's job find each other. */
export type Place =
  /** All are on this host, as `given` may have said: a socket in a folder that only their user may enter. */
  | { readonly kind: "host"; readonly given?: string | undefined }
  /**
   * Rank 0 is at one of `hosts`, and listens on `port`, else on one of a few made from the job's name. `secret` is one
   * that the starter gave to all ranks and to nobody else; with `munge`, SLURM's credentials take its place.
   */
  | {
      readonly kind: "address";
      readonly hosts: readonly string[];
      readonly port?: number | undefined;
      readonly secret?: string | undefined;
      readonly munge?: boolean;
      /** The hosts are addresses of the launcher's: rank 0 need not be there, and can tell. */
      readonly launchers?: boolean;
    }
  /** The starter's own exchange (PMI-1), open on this descriptor. `local`: all ranks are on this host. */
  | { readonly kind: "pmi"; readonly descriptor: number; readonly local: boolean }
  /** The starter does not say. */
  | { readonly kind: "unknown" };

/** The place of ranks as their user knows it. */
export function placeName({ starter, place }: Pick<Task, "starter" | "place">): string {
  if (place.kind === "host") return place.given ?? "this host";
  if (place.kind !== "address") return `the exchange of ${starter}`;
  return `${place.hosts.join(" or ")}${place.port === undefined ? "" : `:${place.port}`}`;
}

/** A starter: the task that `variables` describe, or undefined where it did not start this process. */
export type Starter = (variables: NodeJS.ProcessEnv) => Task | undefined;

/** The variable's value; an empty one counts as none. */
export function textOf(variables: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = variables[name];
  return value === undefined || value === "" ? undefined : value;
}

/** The variable as a whole number from `least` on; undefined where it is not set. */
export function wholeOf(variables: NodeJS.ProcessEnv, name: string, least = 0): number | undefined {
  const text = textOf(variables, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) {
    throw new UsageError(
      `Expected ${name} in the environment to be an integer from ${least}, got "${text}". ` +
        `Unset it (env -u ${name} …) where it has nothing to do with apts.`,
    );
  }
  return Number(text);
}

/** Rank and number of ranks from two variables that go together. */
export function rankOf(
  variables: NodeJS.ProcessEnv,
  names: { readonly rank: string; readonly size: string },
): { rank: number; size: number } | undefined {
  const [rankText, sizeText] = [textOf(variables, names.rank), textOf(variables, names.size)];
  if (rankText === undefined && sizeText === undefined) return undefined;
  if (rankText === undefined || sizeText === undefined) {
    const [set, missing] = rankText === undefined ? [names.size, names.rank] : [names.rank, names.size];
    throw new UsageError(
      `Found ${set}=${variables[set]!} in the environment, and no ${missing}: together they say which of how many ranks ` +
        `this process is. Set ${missing} too, or, for a run that starts its ranks itself, unset ${set} (env -u ${set} …).`,
    );
  }
  const [size, rank] = [wholeOf(variables, names.size, 1)!, wholeOf(variables, names.rank)!];
  if (rank >= size) {
    throw new UsageError(
      `Expected ${names.rank} to be less than ${names.size}, got ${names.rank}=${rank} and ${names.size}=${size}: ranks count from 0.`,
    );
  }
  return { rank, size };
}

/** MASTER_ADDR and MASTER_PORT, by which users and many starters say where rank 0 is. */
export function masterOf(variables: NodeJS.ProcessEnv, prefix = ""): Place | undefined {
  const host = textOf(variables, `${prefix}MASTER_ADDR`);
  if (host === undefined) return undefined;
  if (/^(localhost|127\.[\d.]+|::1)$/.test(host)) {
    const port = textOf(variables, `${prefix}MASTER_PORT`);
    return { kind: "host", given: port === undefined ? host : `${host}:${port}` };
  }
  if (isIPv6(host)) {
    throw new UsageError(`Expected ${prefix}MASTER_ADDR to be a name or an IPv4 address, got ${host}.`);
  }
  const port = wholeOf(variables, `${prefix}MASTER_PORT`, 1);
  if (port !== undefined && port > 65_535)
    throw new UsageError(`Expected ${prefix}MASTER_PORT to be a port, got ${port}.`);
  return { kind: "address", hosts: [host], port };
}

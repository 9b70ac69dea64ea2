import { UsageError } from "../../../errors.js";
import { allowsSharedMemory, newJob, type RankEnvironment } from "../../../rank/environment.js";
import { startRendezvous } from "../server.js";
import { placeName, type Task } from "../../../rank/starters/task.js";
import { processWarnings } from "../../log.js";
import { meetingOf, type Meeting } from "./meeting.js";

export interface JoinOptions {
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
  /** Whether ranks of one host may read payloads from each other's memory. */
  readonly sharedMemory: boolean;
}

export interface Joined {
  readonly environment: RankEnvironment;
  /** Ends rank 0's rendezvous; to be called when this rank has met the others, or given up. */
  close(): Promise<void>;
}

/** What the ranks must agree on, beside what their starter tells each. */
interface Invitation extends Pick<RankEnvironment, "jobId" | "jobKey"> {
  readonly port: number;
}

/**
 * Makes a task a rank: all tasks get to know one job key and where to meet, though what started them knows nothing of
 * apts. Rank 0 makes the key, runs the rendezvous, and announces both (meeting.ts).
 */
export async function join(task: Task, given: JoinOptions): Promise<Joined> {
  const insecure = given.insecure || process.env["APTS_INSECURE"] === "1";
  const options = { ...given, insecure, sharedMemory: given.sharedMemory && allowsSharedMemory(process.env) };
  if (task.place.kind === "unknown") throw new UsageError(placeIsUnknown(task));
  const meeting = await meetingOf(task, options);
  return task.rank === 0 ? receive(task, options, meeting) : visit(task, options, meeting);
}

/** After how long a rank says for whom it waits, in milliseconds. */
const SAY_AFTER = 5000;

function sayLater(words: () => string): NodeJS.Timeout {
  return setTimeout(() => {
    processWarnings("warn", words());
  }, SAY_AFTER).unref();
}

/** Rank 0: makes the secrets, runs the rendezvous and invites the others. */
async function receive(task: Task, options: JoinOptions, meeting: Meeting): Promise<Joined> {
  const secrets = newJob();
  const host = await meeting.ownHost();
  const rendezvous = await startRendezvous({ ...options, ...secrets, size: task.size, host });
  const port = Number(new URL(rendezvous.endpoint).port);
  const invitation: Invitation = { ...secrets, port };
  const waiting = sayLater(
    () => `Rank 0 of ${task.size} waits at ${placeName(task)} for ${rendezvous.missing()}.`,
  );
  try {
    const end = await meeting.announce(JSON.stringify(invitation));
    const close = async (): Promise<void> => {
      clearTimeout(waiting);
      end();
      await rendezvous.close();
    };
    return { environment: environmentOf(task, options, invitation, host), close };
  } catch (error) {
    clearTimeout(waiting);
    await rendezvous.close();
    throw error;
  }
}

async function visit(task: Task, options: JoinOptions, meeting: Meeting): Promise<Joined> {
  const { rank, size } = task;
  const waiting = sayLater(() => `Rank ${rank} of ${size} waits at ${placeName(task)} for rank 0.`);
  const { message, host } = await meeting.hear().finally(() => {
    clearTimeout(waiting);
  });
  const invitation = JSON.parse(message) as Invitation;
  return { environment: environmentOf(task, options, invitation, host), close: () => Promise.resolve() };
}

function environmentOf(
  task: Task,
  options: JoinOptions,
  { port, ...secrets }: Invitation,
  host: string,
): RankEnvironment {
  const { rank, size, localRank = 0, localSize = 1 } = task;
  const where = { rendezvous: `tcp://${host}:${port}`, meetingPlace: placeName(task) };
  return { rank, size, localRank, localSize, ...options, ...secrets, ...where };
}

function placeIsUnknown({ starter, size }: Task): string {
  return (
    `${starter} does not say where rank 0 of its ${size} ranks is. Set MASTER_ADDR to the name of its host, and MASTER_PORT to a ` +
    "free port there, for all ranks (docs/clusters.md); MASTER_ADDR=127.0.0.1 where all are on one host."
  );
}

import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { AptsError } from "../../../errors.js";

/*
 * The process management interface of MPI's launchers, PMI-1 (MPICH's Hydra, Intel MPI, Flux): lines of
 * "cmd=NAME key=value …" over a socket that each process inherits, each answered by one line. The launcher keeps a
 * table that all processes of the job write to and, after a barrier, read from.
 */

const KEY = "apts";

/**
 * Hands rank 0's `message` to all ranks, which call this with undefined. Messages travel on the launcher's own
 * connections: who can read those learns them.
 */
export async function exchange(
  descriptor: number,
  message: string | undefined,
  timeoutSeconds: number,
): Promise<string> {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true }).setEncoding("utf8");
  const late = new AbortController();
  try {
    return await Promise.race([converse(socket, message), deadline(timeoutSeconds, late.signal)]);
  } finally {
    late.abort();
    socket.destroy();
  }
}

async function converse(socket: Socket, message: string | undefined): Promise<string> {
  const lines = linesOf(socket);
  const ask = async (command: string, answer: string): Promise<Record<string, string>> => {
    socket.write(`cmd=${command}\n`);
    const { value, done } = await lines.next();
    const words = Object.fromEntries((value ?? "").split(" ").map(splitAtEquals)) as Record<string, string>;
    if (done === true || words["cmd"] !== answer || (words["rc"] ?? "0") !== "0") {
      throw new AptsError(
        `Expected the launcher to answer "cmd=${command.split(" ")[0]!}" on PMI_FD with "cmd=${answer}", got ` +
          `${done === true ? "the end of the connection" : `"${value}"`}. Set MASTER_ADDR and MASTER_PORT to do without.`,
      );
    }
    return words;
  };
  await ask("init pmi_version=1 pmi_subversion=1", "response_to_init");
  await ask("get_maxes", "maxes");
  const { kvsname } = await ask("get_my_kvsname", "my_kvsname");
  if (message !== undefined) {
    const value = Buffer.from(message).toString("base64url");
    await ask(`put kvsname=${kvsname!} key=${KEY} value=${value}`, "put_result");
  }
  await ask("barrier_in", "barrier_out");
  const { value } = await ask(`get kvsname=${kvsname!} key=${KEY}`, "get_result");
  await ask("finalize", "finalize_ack");
  return Buffer.from(value!, "base64url").toString();
}

async function* linesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of socket) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

function splitAtEquals(word: string): [string, string] {
  const at = word.indexOf("=");
  return at === -1 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
}

async function deadline(seconds: number, signal: AbortSignal): Promise<never> {
  await sleep(seconds * 1000, undefined, { signal });
  throw new AptsError(
    `Expected all ranks to come to the launcher's barrier within ${seconds} s, but some did not. See their output.`,
  );
}

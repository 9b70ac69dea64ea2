import * as zmq from "zeromq";

import { AptsError, CommunicationTimeoutError } from "../../errors.js";
import { LinkWatch } from "../transport/link-watch.js";
import { COMMON, type Security } from "../transport/sockets.js";
import type { RankEnvironment } from "../../rank/environment.js";
import { PROTOCOL, type Answer, type PeerAddress, type Registration } from "./protocol.js";

/** The rendezvous gives up first and can say who is missing. */
const PATIENCE_SECONDS = 2;

/** The rendezvous listens before any rank is told of it: an address that takes no connection for so long will not. */
const REACH_SECONDS = 10;

/** A listener that has refused the handshake for this long will not change its mind. */
const REFUSAL_MS = 2000;

/** An answer sent before the link broke is read within this time. */
const LAST_ANSWER_MS = 500;

/** Registers this rank's address; returns everyone's, in rank order, when all ranks have come. */
export async function meet(
  environment: RankEnvironment,
  peer: PeerAddress,
  security: Security,
): Promise<readonly PeerAddress[]> {
  const { rank, size, jobId, rendezvous, meetingPlace = rendezvous } = environment;
  const socket = new zmq.Dealer({ ...COMMON, ...security.connecting });
  const timers: NodeJS.Timeout[] = [];
  try {
    const failure = watchForFailure(socket, environment, timers);
    socket.connect(rendezvous);
    const answer = await Promise.race([
      register(socket, { protocol: PROTOCOL, jobId, rank, size, peer }),
      failure,
    ]);
    if (answer.type === "table") return answer.peers;
    throw new AptsError(`The rendezvous at ${meetingPlace} refused rank ${rank}. ${answer.message}`);
  } finally {
    timers.forEach(clearTimeout);
    socket.close();
  }
}

async function register(socket: zmq.Dealer, registration: Registration): Promise<Answer> {
  await socket.send(JSON.stringify(registration));
  const [message] = await socket.receive();
  return JSON.parse(message!.toString()) as Answer;
}

/** Rejects when it is clear that no answer will come, with the reason. */
function watchForFailure(
  socket: zmq.Dealer,
  { rank, rendezvous, meetingPlace = rendezvous, timeoutSeconds }: RankEnvironment,
  timers: NodeJS.Timeout[],
): Promise<never> {
  return new Promise<never>((_, reject) => {
    let open = false;
    const watch = new LinkWatch(socket, {
      open: () => {
        open = true;
      },
      broken: () => {
        const message =
          `Rank ${rank} lost the rendezvous at ${meetingPlace} before all ranks had come: ` +
          "the launcher, or the rank that ran it, ended.";
        timers.push(setTimeout(reject, LAST_ANSWER_MS, new AptsError(message)));
      },
    });
    const seconds = timeoutSeconds + PATIENCE_SECONDS;
    const late = (): void => {
      const found = open ? "it answers, but not all ranks came" : "nobody answers there";
      const message =
        `Expected rank ${rank} to meet the others at ${meetingPlace} within ${seconds} s, but ${found}. ` +
        "Is the launcher running, and can this machine reach that address and port?";
      reject(new CommunicationTimeoutError(message));
    };
    const unreachable = (): void => {
      if (watch.reached) return;
      const message =
        `Expected rank ${rank} to reach the rendezvous at ${rendezvous}, but nobody has answered there for ${REACH_SECONDS} s. ` +
        "Can this machine reach that address and port (a firewall, a wrong route, a launcher that has ended)? " +
        '"apts doctor --hostfile FILE" says which hosts reach each other.';
      reject(new AptsError(message));
    };
    const check = (): void => {
      if (open || !watch.refused) return;
      const message =
        `The rendezvous at ${rendezvous} refuses the key of rank ${rank}. ` +
        "Do APTS_JOB_KEY and APTS_INSECURE of this rank belong to the job that runs there now?";
      reject(new AptsError(message));
    };
    timers.push(setTimeout(unreachable, REACH_SECONDS * 1000));
    timers.push(setTimeout(late, seconds * 1000), setInterval(check, REFUSAL_MS));
  });
}

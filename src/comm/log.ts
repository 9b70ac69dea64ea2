import type { Socket } from "zeromq";

/** Where communication reports what is no error of this job: refused strangers, encryption switched off. */
export type CommunicationLog = (level: "info" | "warn", message: string) => void;

/** Without a log of its own a process warns the way Node does, on standard error. */
export const processWarnings: CommunicationLog = (level, message) => {
  if (level === "warn") process.emitWarning(message, "CommunicationWarning");
};

/** Reports the 1st, 10th, 100th … of a kind, so that who keeps trying does not fill the log. */
export class Refusals {
  #count = 0;

  constructor(
    private readonly log: CommunicationLog,
    private readonly what: string,
  ) {}

  report(reason: string): void {
    this.#count++;
    if (!Number.isInteger(Math.log10(this.#count))) return;
    const times = this.#count === 1 ? "" : `, ${this.#count} times by now`;
    this.log("warn", `${this.what} refused ${reason}${times}.`);
  }
}

/** Reports who fails the handshake of a listening socket. */
export function reportRefused(socket: Socket, refusals: Refusals): void {
  socket.events.on("handshake:error:protocol", ({ error }) => {
    refusals.report(`a connection that failed the handshake (${error.code}): it has other keys, or none`);
  });
  socket.events.on("handshake:error:auth", ({ error }) => {
    refusals.report(`a connection that failed authentication (status ${error.status})`);
  });
}

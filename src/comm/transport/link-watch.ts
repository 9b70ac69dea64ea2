import type { Socket } from "zeromq";

export interface LinkEvents {
  /** The handshake is done: the peer is there and has the right keys. */
  open(): void;
  /** It was open and broke. */
  broken(): void;
}

/** Follows a connecting socket with one peer, and can say why it is not open. */
export class LinkWatch {
  /** Somebody listens there. */
  reached = false;
  /** Somebody listens there and ended the handshake: wrong keys, or encryption on one side only. */
  refused = false;

  constructor(socket: Socket, events: LinkEvents) {
    let open = false;
    socket.events.on("connect", () => {
      this.reached = true;
    });
    socket.events.on("handshake", () => {
      open = true;
      events.open();
    });
    socket.events.on("disconnect", () => {
      if (open) events.broken();
      else if (this.reached) this.refused = true;
      open = false;
    });
    for (const failure of [
      "handshake:error:protocol",
      "handshake:error:auth",
      "handshake:error:other",
    ] as const) {
      socket.events.on(failure, () => {
        this.refused = true;
      });
    }
  }
}

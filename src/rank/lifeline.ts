import { Socket } from "node:net";

/** Names the descriptor of a pipe whose other end a rank's parent holds, and never writes to. */
export const LIFELINE_VARIABLE = "APTS_LIFELINE";

/** What a rank may still do after its parent is gone, in milliseconds. */
const GRACE = 5000;

/**
 * Ends this process when its parent dies, however that happens: SIGTERM, as if it had been asked to stop, and after
 * 5 s SIGKILL. Does nothing in a process that no launcher started; never keeps a process alive.
 */
export function watchParent(): void {
  const descriptor = process.env[LIFELINE_VARIABLE];
  if (descriptor === undefined) return;
  const lifeline = new Socket({ fd: Number(descriptor), readable: true, writable: false });
  const end = (): void => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE).unref();
  };
  lifeline.once("close", end).on("error", () => undefined);
  lifeline.resume().unref();
}

import { randomBytes, randomUUID } from "node:crypto";

/** Stands in for src/comm/rendezvous until that is there. */
export function startRendezvous(options: {
  readonly jobId: string;
  readonly jobKey: string;
  readonly size: number;
  readonly host?: string;
  readonly port?: number;
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
}): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  return Promise.resolve({
    endpoint: `tcp://${options.host ?? "127.0.0.1"}:1`,
    close: () => Promise.resolve(),
  });
}

export const newJobId = (): string => randomUUID();
export const newJobKey = (): string => randomBytes(32).toString("hex");

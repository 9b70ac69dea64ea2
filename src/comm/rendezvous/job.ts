import { randomBytes, randomUUID } from "node:crypto";

/** A fresh name for one start of a job. */
export function newJobId(): string {
  return randomUUID();
}

/** A fresh secret for one start of a job: 64 hexadecimal digits. */
export function newJobKey(): string {
  return randomBytes(32).toString("hex");
}

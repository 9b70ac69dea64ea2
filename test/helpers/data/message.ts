import { expect } from "vitest";
import { UsageError } from "../../../src/errors.js";

/** What a user is told by a promise that is refused. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => "it was not refused",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

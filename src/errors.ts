/**
 * The named errors of apts. Every message says what was expected, what was found, where, and what to do.
 *
 * `exitCode` is what the process ends with when the error reaches the top: 2 for bad usage or input, 1 otherwise.
 * `consequence` marks errors that merely report another rank's failure: the launcher shows those in one line each
 * and keeps the full report for the first cause.
 */
export class AptsError extends Error {
  readonly exitCode: 1 | 2 = 1;
  readonly consequence: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Bad usage or input: a wrong option, a missing or damaged file, an impossible combination. Exit code 2. */
export class UsageError extends AptsError {
  override readonly exitCode = 2;
}

/** A peer died, closed its link or cannot be reached; says who, since when, in which call. A consequence. */
export class PeerLostError extends AptsError {
  override readonly consequence = true;

  /** @param silent the rank that answers no more, though its process may still be there */
  constructor(
    message: string,
    readonly silent?: number,
  ) {
    super(message);
  }
}

/** A communication call passed its deadline; says which rank waited for whom, in which call, how long. */
export class CommunicationTimeoutError extends AptsError {
  override readonly consequence = true;
}

/** Two ranks are in different collectives, or in one with different dtype, count or root. */
export class CollectiveMismatchError extends AptsError {}

/** A call on a communicator that is closed, by `close()` or by an earlier error. */
export class CommunicatorClosedError extends AptsError {
  override readonly consequence = true;
}

/** An error as it travels between processes. */
export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly exitCode: number;
  readonly consequence: boolean;
  /** Of the system error that it is or was led to by, such as ENOSPC. */
  readonly code?: string | undefined;
  /** The rank that answers no more, where that is the error. */
  readonly silent?: number | undefined;
}

/** Whether an error is one of these, of this copy of apts or of another, such as a user's module imports. */
export function isOurs(error: unknown): error is AptsError {
  const { exitCode, consequence } = (error ?? {}) as Partial<AptsError>;
  return error instanceof Error && typeof exitCode === "number" && typeof consequence === "boolean";
}

/** Describes anything thrown as an ErrorReport. */
export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), exitCode: 1, consequence: false };
  }
  const known = isOurs(error) ? error : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    exitCode: known?.exitCode ?? 1,
    consequence: known?.consequence ?? false,
    ...(error instanceof PeerLostError ? { silent: error.silent } : {}),
    code: systemErrorCode(error),
  };
}

function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : systemErrorCode(error.cause);
}

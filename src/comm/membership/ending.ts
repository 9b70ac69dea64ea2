import type { AptsError } from "../../errors.js";
import { CommunicatorClosedError } from "../../errors.js";
import { errorOf, type Abort } from "./failures.js";

/**
 * What ended a rank's communication, and who knows it. The first failure is final; every call in progress is told it
 * in the words of its own wait, every later call that the communicator is closed, and by what.
 */
export class Ending {
  #cause: Abort | undefined;
  /** The error as the first call was told it. */
  #told: AptsError | undefined;
  #left = false;

  constructor(private readonly rank: number) {}

  /** Communication failed, as seen here or reported. */
  fail(cause: Abort): void {
    this.#cause ??= cause;
  }

  /** This rank closed its communicator. */
  leave(): void {
    this.#left = true;
  }

  /** What to tell a call that was in progress; `activity` says what it was doing. */
  failureIn(activity: string): AptsError {
    if (this.#cause === undefined) return this.#closedHere();
    const error = errorOf(this.#cause, activity);
    this.#told ??= error;
    return error;
  }

  /** Throws where communication has ended: the failure to the first call that meets it, then that it is closed. */
  check(activity: () => string): void {
    if (this.#cause !== undefined) {
      if (this.#told === undefined) throw this.failureIn(activity());
      throw new CommunicatorClosedError(
        `Expected an open communicator, but rank ${this.rank}'s was closed by an earlier error: ${this.#told.message}`,
        { cause: this.#told },
      );
    }
    if (this.#left) throw this.#closedHere();
  }

  #closedHere(): AptsError {
    return new CommunicatorClosedError(`Expected an open communicator, but rank ${this.rank} has closed it.`);
  }
}

import type { Logger } from "pino";
import type { RunEvent } from "./events.js";

/** Tells the log of this rank, and the observer of the run where there is one, what happens. */
export class Reporter {
  constructor(
    readonly log: Logger,
    private readonly observe: ((event: RunEvent) => void) | undefined,
  ) {}

  tell(event: RunEvent): void {
    this.observe?.(event);
  }

  warn(message: string): void {
    this.log.warn(message);
    this.tell({ type: "warning", message });
  }

  /** Does what the run can do without; `purpose` completes "it could not …". */
  async attempt(purpose: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.warn(`The run goes on, but could not ${purpose}: ${(error as Error).message}.`);
    }
  }
}

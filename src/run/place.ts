import type { Communicator } from "../comm/communicator.js";
import type { RunEvent } from "./events.js";
import type { Beginning } from "./checkpoint/start.js";
import type { ProgramLine } from "./program.js";
import type { HandedOver } from "./setup.js";

/** What one rank brings to a run beside the configuration all share. */
export interface RankPlace {
  readonly comm: Communicator;
  /** Default: "new". */
  readonly beginning?: Beginning;
  /** Default: nothing. */
  readonly handedOver?: HandedOver | undefined;
  /** Threads this rank may compute with. */
  readonly threads: number;
  /** Aborted when the run should end after the step it is in; one rank's wish is everybody's. */
  readonly stop?: AbortSignal;
  /** Called before the first step: until then nothing is lost where this process ends at once. */
  readonly begun?: () => void;
  /** How long the job may still run, where it has a limit: the run stops before it. Asked on rank 0 only. */
  readonly secondsLeft?: () => Promise<number | undefined>;
  /** To the program that takes part in the run, on rank 0. */
  readonly program?: ProgramLine | undefined;
  /** Told what happens; called on rank 0 only. */
  readonly observe?: (event: RunEvent) => void;
}

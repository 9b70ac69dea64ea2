import type { TrainConfig } from "../run/options/config.js";
import type { Beginning } from "../run/checkpoint/start.js";
import type { HandedOver } from "../run/setup.js";

/** What the launching process hands to its ranks, through one environment variable. */
export interface RunSpec {
  readonly config: TrainConfig;
  readonly out: string;
  readonly beginning: Beginning;
  /** What a program held in memory, written to files for its ranks. */
  readonly handedOver?: HandedOver;
}

const VARIABLE = "APTS_RUN";

export function specToVariables(spec: RunSpec): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(spec) };
}

/** The spec this process was started with as a rank; undefined where it was not. */
export function specFromVariables(variables: NodeJS.ProcessEnv): RunSpec | undefined {
  const text = variables[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as RunSpec);
}

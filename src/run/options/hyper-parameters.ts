import { shownValue } from "../../config/commander.js";
import { nameOfData } from "../data-of-run.js";
import { ofEveryRun, type TrainConfig } from "./config.js";

/** The options of a run and of its method that have a value, by name: what trackers show of it. Lists are comma separated. */
export function hyperParametersOf(config: TrainConfig): Record<string, string | number | boolean> {
  const { out: _, track: __, ...options } = ofEveryRun(config);
  const all = {
    ...options,
    method: config.methodName,
    data: nameOfData(config.data),
    ...config.methodOptions,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]: [string, unknown]) => {
      if (value === undefined || value === null) return [];
      const isPlain = typeof value === "number" || typeof value === "boolean";
      return [[name, isPlain ? value : shownValue(value)]];
    }),
  );
}

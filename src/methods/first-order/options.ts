import { number, type ValuesOf } from "../../config/option.js";
import { scheduleOptions } from "./schedule.js";

/** Mini-batches an epoch: as SAPTS, which these methods are compared with. */
export const MINI_BATCHES = 20;

/** η, and what becomes of it in the course of the run. */
export const rateOptions = (fallback: number) => ({
  learningRate: number({ min: 0, fallback, help: "learning rate" }),
  ...scheduleOptions,
});
/** λ */
export const decay = (fallback: number) => number({ min: 0, fallback, help: "weight decay" });
export const beta = (fallback: number, help: string) => number({ min: 0, max: 0.999999, fallback, help });

/** Those of Adam and its kin; the customary defaults of each are those of the paper it comes from. */
export function adamOptions({ epsilon, weightDecay }: { epsilon: number; weightDecay: number }) {
  return {
    ...rateOptions(1e-3),
    beta1: beta(0.9, "share of the mean gradient kept"),
    beta2: beta(0.999, "share of the mean square kept"),
    epsilon: number({ min: 0, max: 1, fallback: epsilon, help: "keeps denominators from zero" }),
    weightDecay: decay(weightDecay),
  };
}

export type AdamOptions = ValuesOf<ReturnType<typeof adamOptions>>;

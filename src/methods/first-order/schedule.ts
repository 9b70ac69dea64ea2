import { choice, number } from "../../config/option.js";
import type { MethodContext } from "../problem.js";

/** What is left of the learning rate after a share p ∈ [0, 1] of the steps that follow the warm-up. */
const SHAPES = {
  constant: () => 1,
  cosine: (p: number) => (1 + Math.cos(Math.PI * p)) / 2, // Loshchilov, Hutter, "SGDR" (ICLR 2017), (5), without restarts
  linear: (p: number) => 1 - p,
  step: (p: number) => (p < 0.5 ? 1 : p < 0.75 ? 0.1 : 0.01), // He et al., "Deep residual learning" (CVPR 2016), §4.2
};
type Schedule = keyof typeof SHAPES;

/** The share of a run in which its learning rate rises. */
export const warmup = number({
  min: 0,
  max: 1,
  fallback: 0,
  help: "share of the run in which the learning rate first rises from 0",
});

export const scheduleOptions = {
  schedule: choice(Object.keys(SHAPES) as Schedule[], {
    fallback: "constant",
    help: "how the learning rate falls over the run",
  }),
  warmup,
};

/** Whether options of a method make its learning rate one of the run's planned length. */
export function isScheduled({
  schedule = "constant",
  warmup = 0,
}: Readonly<Record<string, unknown>>): boolean {
  return schedule !== "constant" || warmup !== 0;
}

interface ScheduledRate {
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly warmup: number;
}

/**
 * η_t, the learning rate of step t = 1, 2, …, T: with w = `warmup` · T, rounded, it is η t / w in the first w steps, and then
 * η times the shape at (t − 1 − w) / (T − w), as PyTorch's LinearLR, CosineAnnealingLR and MultiStepLR have it
 * (docs/algorithms.md §11). Steps beyond T, of a run that was planned shorter, are as the end of the shape.
 */
export function ratesOf(
  { learningRate, schedule, warmup }: ScheduledRate,
  { plannedSteps }: Pick<MethodContext, "plannedSteps">,
): (t: number) => number {
  const rising = Math.round(warmup * plannedSteps);
  const falling = Math.max(plannedSteps - rising, 1);
  const shape = SHAPES[schedule];
  return (t) => learningRate * (t <= rising ? t / rising : shape(Math.min((t - 1 - rising) / falling, 1)));
}

import { number } from "../../config/option.js";
import { adamOptions } from "../first-order/options.js";

/** What the first step is scaled by, a guess that is far too small on purpose: what the rules have instead of a rate. */
export const firstStep = (fallback: number, help: string) => number({ min: 1e-12, fallback, help });

export const { beta1, beta2, epsilon } = adamOptions({ epsilon: 1e-8, weightDecay: 0 });

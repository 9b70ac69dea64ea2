/** What a method of one's own is made of: `import { defineMethod, … } from "apts/methods"`. */
export { choice, flag, integer, integers, number, text } from "../config/option.js";
export { UsageError } from "../errors.js";
export { distanceInf, dot, normInf, same, sum, type VectorSpace } from "../linalg/space.js";
export type { TensorSlot } from "../network/layout.js";
export { addScaled, combine, scale, type Vector } from "../linalg/vector.js";
export type { Objective } from "../trust-region/objective.js";
export type { Point } from "../trust-region/point.js";
export { defineMethod, type MethodDescription } from "./description.js";
export type { Method, State, StepReport } from "./method.js";
export { decideOnRankZero, leadsNowhere, type MethodContext, type Problem } from "./problem.js";

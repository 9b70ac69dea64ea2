import type { Vector } from "../../linalg/vector.js";
import type { State } from "../method.js";

/**
 * θ as where it started and how far it has come. The first steps are a millionth of θ, of which the float32 of θ keeps a
 * digit or two; the distance, which these rules live on, keeps them all.
 */
export interface Travelled extends State {
  /** θ₀ */
  readonly origin: Vector;
  /** θ − θ₀ */
  readonly offset: Vector;
}

export function setOut(theta: Vector): Travelled {
  return { theta, origin: theta, offset: new Float32Array(theta.length) };
}

/** θ₀ + (θ − θ₀), after the offset has changed. @param theta room for it */
export function arrived({ origin, offset }: Travelled, theta: Vector): Travelled {
  for (let i = 0; i < theta.length; i++) theta[i] = origin[i]! + offset[i]!;
  return { theta, origin, offset };
}

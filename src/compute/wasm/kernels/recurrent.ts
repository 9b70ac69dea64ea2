/**
 * What the steps of recurrent layers do besides products and activations, for `rows` samples at once. Rows of a matrix
 * begin so many floats apart; states of address 0 are zero. Gradients take the places of the gates they belong to, and
 * are those by what a gate was before its activation; dh, dc and dReset are (rows, units) without gaps.
 */
export interface RecurrentKernels {
  /** out ← a · b, element by element. */
  multiplyRows(
    a: number,
    aStride: number,
    b: number,
    rows: number,
    columns: number,
    out: number,
    stride: number,
  ): void;
  /** c and y ← f cBefore + i g, for gates i, f, g, o. */
  lstmState(
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    cBefore: number,
    c: number,
    y: number,
    stride: number,
  ): void;
  /** For h = o y, y = kind(c); dc, at first that of later steps, ← the gradient by cBefore. */
  lstmGradient(
    kind: number,
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    cBefore: number,
    y: number,
    stride: number,
    dh: number,
    dc: number,
  ): void;
  /** h ← z hBefore + (1 − z) g, for gates z, r, g. */
  gruState(
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    h: number,
    stride: number,
  ): void;
  /** Of z and g; dh ← z dh, the part of the gradient by hBefore that goes through no gate. */
  gruStateGradient(
    kind: number,
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    stride: number,
    dh: number,
  ): void;
  /** Of r; dh ← dh + r dReset. */
  gruGatesGradient(
    gateKind: number,
    rows: number,
    units: number,
    gates: number,
    gateStride: number,
    hBefore: number,
    stride: number,
    dReset: number,
    dh: number,
  ): void;
  /** z ← dh · kind′, from h = kind(z). */
  recurrentGradient(
    kind: number,
    rows: number,
    units: number,
    z: number,
    h: number,
    stride: number,
    dh: number,
  ): void;
}

/**
 * What the steps of recurrent layers do besides products and activations, for `rows` samples at once. Rows of a matrix
 * begin `stride` floats apart, since the steps of one sample follow each other; an address of 0 is a state that is zero.
 * Gradients take the places of the gates they belong to.
 */
import { Elu, HardSigmoid, Relu, Relu6, Selu, Sigmoid, Softplus, Softsign, Tanh } from "./functions";
import { at, load4, store4 } from "./simd";

function state(address: usize, j: i32, count: i32): v128 {
  return address ? load4(at(address, j), count) : f32x4.splat(0);
}

function next(address: usize, stride: i32): usize {
  return address ? at(address, stride) : 0;
}

/**
 * d · f′, from y = f(x) of the activation with this number. One chain of if and else: of several returns, the compiler
 * makes code that evaluates all up to the one that is taken.
 */
function gradient(kind: i32, y: v128, d: v128): v128 {
  let slope = f32x4.splat(1);
  if (kind == 3) slope = changetype<Tanh>(0).slope(y);
  else if (kind == 2) slope = changetype<Sigmoid>(0).slope(y);
  else if (kind == 9) slope = changetype<HardSigmoid>(0).slope(y);
  else if (kind == 1) slope = changetype<Relu>(0).slope(y);
  else if (kind == 4) slope = changetype<Elu>(0).slope(y);
  else if (kind == 5) slope = changetype<Relu6>(0).slope(y);
  else if (kind == 6) slope = changetype<Selu>(0).slope(y);
  else if (kind == 7) slope = changetype<Softplus>(0).slope(y);
  else if (kind == 8) slope = changetype<Softsign>(0).slope(y);
  return f32x4.mul(d, slope);
}

/** out ← a · b, element by element, on every row; b = 0 makes it zero. */
export function multiplyRows(
  a: usize,
  aStride: i32,
  b: usize,
  rows: i32,
  columns: i32,
  out: usize,
  stride: i32,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      store4(at(out, j), count, f32x4.mul(load4(at(a, j), count), state(b, j, count)));
    }
    a = at(a, aStride);
    b = next(b, stride);
    out = at(out, stride);
  }
}

/** c and y ← f cBefore + i g for gates i, f, g, o of (rows, 4 · units). */
export function lstmState(
  rows: i32,
  units: i32,
  gates: usize,
  gateStride: i32,
  cBefore: usize,
  c: usize,
  y: usize,
  stride: i32,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      const added = f32x4.mul(load4(at(gates, j), count), load4(at(gates, 2 * units + j), count));
      const kept = f32x4.mul(load4(at(gates, units + j), count), state(cBefore, j, count));
      const cell = f32x4.add(kept, added);
      store4(at(c, j), count, cell);
      store4(at(y, j), count, cell);
    }
    gates = at(gates, gateStride);
    cBefore = next(cBefore, stride);
    c = at(c, stride);
    y = at(y, stride);
  }
}

/**
 * For h = o y, y = kind(c), c = f cBefore + i g. From dh and, of the steps after this one, dc, both (rows, units) without
 * gaps: gates ← the gradients by what they were before their activation; dc ← the gradient by cBefore.
 */
export function lstmGradient(
  kind: i32,
  gateKind: i32,
  rows: i32,
  units: i32,
  gates: usize,
  gateStride: i32,
  cBefore: usize,
  y: usize,
  stride: i32,
  dh: usize,
  dc: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const forget = at(gates, units);
    const candidate = at(forget, units);
    const output = at(candidate, units);
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      const a = load4(at(gates, j), count);
      const f = load4(at(forget, j), count);
      const g = load4(at(candidate, j), count);
      const o = load4(at(output, j), count);
      const value = load4(at(y, j), count);
      const d = load4(at(dh, j), count);
      const cell = f32x4.add(load4(at(dc, j), count), gradient(kind, value, f32x4.mul(d, o)));
      store4(at(gates, j), count, gradient(gateKind, a, f32x4.mul(cell, g)));
      store4(at(forget, j), count, gradient(gateKind, f, f32x4.mul(cell, state(cBefore, j, count))));
      store4(at(candidate, j), count, gradient(kind, g, f32x4.mul(cell, a)));
      store4(at(output, j), count, gradient(gateKind, o, f32x4.mul(d, value)));
      store4(at(dc, j), count, f32x4.mul(cell, f));
    }
    gates = at(gates, gateStride);
    cBefore = next(cBefore, stride);
    y = at(y, stride);
    dh = at(dh, units);
    dc = at(dc, units);
  }
}

/** h ← z hBefore + (1 − z) g for gates z, r, g of (rows, 3 · units). */
export function gruState(
  rows: i32,
  units: i32,
  gates: usize,
  gateStride: i32,
  hBefore: usize,
  h: usize,
  stride: i32,
): void {
  const one = f32x4.splat(1);
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      const z = load4(at(gates, j), count);
      const added = f32x4.mul(f32x4.sub(one, z), load4(at(gates, 2 * units + j), count));
      store4(at(h, j), count, f32x4.add(f32x4.mul(z, state(hBefore, j, count)), added));
    }
    gates = at(gates, gateStride);
    hBefore = next(hBefore, stride);
    h = at(h, stride);
  }
}

/**
 * From dh (rows, units), without gaps: z, g ← the gradients by what they were before their activation; dh ← the part of
 * the gradient by hBefore that does not go through gates, z dh.
 */
export function gruStateGradient(
  kind: i32,
  gateKind: i32,
  rows: i32,
  units: i32,
  gates: usize,
  gateStride: i32,
  hBefore: usize,
  stride: i32,
  dh: usize,
): void {
  const one = f32x4.splat(1);
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      const z = load4(at(gates, j), count);
      const g = load4(at(gates, 2 * units + j), count);
      const d = load4(at(dh, j), count);
      const difference = f32x4.sub(state(hBefore, j, count), g);
      store4(at(gates, j), count, gradient(gateKind, z, f32x4.mul(d, difference)));
      store4(at(gates, 2 * units + j), count, gradient(kind, g, f32x4.mul(d, f32x4.sub(one, z))));
      store4(at(dh, j), count, f32x4.mul(d, z));
    }
    gates = at(gates, gateStride);
    hBefore = next(hBefore, stride);
    dh = at(dh, units);
  }
}

/** From the gradient by r hBefore (rows, units), without gaps: r ← that by what it was; dh ← dh + that by hBefore. */
export function gruGatesGradient(
  gateKind: i32,
  rows: i32,
  units: i32,
  gates: usize,
  gateStride: i32,
  hBefore: usize,
  stride: i32,
  dReset: usize,
  dh: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      const r = load4(at(gates, units + j), count);
      const d = load4(at(dReset, j), count);
      store4(at(gates, units + j), count, gradient(gateKind, r, f32x4.mul(d, state(hBefore, j, count))));
      store4(at(dh, j), count, f32x4.add(load4(at(dh, j), count), f32x4.mul(d, r)));
    }
    gates = at(gates, gateStride);
    hBefore = next(hBefore, stride);
    dReset = at(dReset, units);
    dh = at(dh, units);
  }
}

/** z ← dh · kind′ from h = kind(z); dh (rows, units) has no gaps. */
export function recurrentGradient(
  kind: i32,
  rows: i32,
  units: i32,
  z: usize,
  h: usize,
  stride: i32,
  dh: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < units; j += 4) {
      const count = min(4, units - j);
      store4(at(z, j), count, gradient(kind, load4(at(h, j), count), load4(at(dh, j), count)));
    }
    z = at(z, stride);
    h = at(h, stride);
    dh = at(dh, units);
  }
}

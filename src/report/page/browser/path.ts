/*
 * Curves through points whose pixels are known, along which x grows. Of many points in one column of pixels only the ends
 * of what they cover are drawn. A point without a place is NaN.
 */

/** A line, with gaps where there is no place. */
export function strokeCurve(context: CanvasRenderingContext2D, x: Float32Array, y: Float32Array): void {
  context.beginPath();
  let down = false;
  for (let i = 0; i < x.length;) {
    if (Number.isNaN(x[i]! + y[i]!)) {
      down = false;
      i++;
      continue;
    }
    const end = columnEnd(x, i);
    const [first, second] = extremes(y, i, end);
    if (down) context.lineTo(x[i]!, y[first]!);
    else context.moveTo(x[i]!, y[first]!);
    if (Math.abs(y[second]! - y[first]!) > 0.5) context.lineTo(x[end - 1]!, y[second]!);
    down = true;
    i = end;
  }
  context.stroke();
}

export interface Band {
  readonly upper: Float32Array;
  readonly lower: Float32Array;
  /** The edges, where the band ends that has no place, or one beyond. */
  readonly top: number;
  readonly bottom: number;
}

/** Forth along the upper end, back along the lower, where the middle `y` has a place. */
export function fillBand(
  context: CanvasRenderingContext2D,
  x: Float32Array,
  y: Float32Array,
  { upper, lower, top, bottom }: Band,
): void {
  const edges: [x: number, upper: number, lower: number][] = [];
  for (let i = 0; i < x.length;) {
    const end = columnEnd(x, i);
    let [above, below] = [Infinity, -Infinity];
    for (let j = i; j < end; j++) {
      if (Number.isNaN(x[j]! + y[j]!)) continue;
      above = Math.min(above, within(upper[j]!, top, top, bottom));
      below = Math.max(below, within(lower[j]!, bottom, top, bottom));
    }
    if (above <= below) edges.push([x[i]!, above, below]);
    i = end;
  }
  context.beginPath();
  for (const [at, above] of edges) context.lineTo(at, above);
  for (const [at, , below] of edges.reverse()) context.lineTo(at, below);
  context.fill();
}

function within(value: number, otherwise: number, top: number, bottom: number): number {
  return Number.isNaN(value) ? otherwise : Math.min(bottom, Math.max(top, value));
}

/** Behind the last point in the column of pixels of point `from`. */
function columnEnd(x: Float32Array, from: number): number {
  const column = Math.floor(x[from]!);
  let end = from + 1;
  while (end < x.length && Math.floor(x[end]!) === column) end++;
  return end;
}

/** The indices of the smallest and largest place, the earlier first. */
function extremes(y: Float32Array, from: number, end: number): [number, number] {
  let [least, most] = [from, from];
  for (let i = from + 1; i < end; i++) {
    if (y[i]! < y[least]!) least = i;
    if (y[i]! > y[most]!) most = i;
  }
  return [Math.min(least, most), Math.max(least, most)];
}

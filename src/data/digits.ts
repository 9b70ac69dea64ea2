import { labelled, type Dataset } from "./dataset.js";
import { digitStyles, type DigitStyle } from "./digit-styles.js";
import { Random } from "../random.js";

/** Images are SIDE × SIDE, one channel, ink 255 on paper 0, like MNIST's. */
const SIDE = 28;
const PIXELS = SIDE * SIDE;

/**
 * Handwritten-like digits, as many as wanted: a style of the digit is drawn with a pen of random width along its
 * strokes after a random affine map (size, aspect, slant, rotation, place) and a smooth random displacement, then
 * inked unevenly and speckled.
 *
 * Sample i of a stream is a function of (seed, stream, i) alone: the first thousand of ten thousand are the thousand.
 * Only additions, products, quotients and square roots are used, which IEEE 754 defines to the last bit: the images
 * are the same on every machine.
 */
export function digits(seed: number, stream: "train" | "test", count: number): Dataset {
  const random = new Random(seed).fork("digits").fork(stream);
  const features = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  const ink = new Float64Array(PIXELS);
  for (let sample = 0; sample < count; sample++) {
    const own = random.fork(sample);
    const digit = own.integer(10);
    labels[sample] = digit;
    drawDigit(digit, own, ink);
    toBytes(ink, own, features.subarray(sample * PIXELS, (sample + 1) * PIXELS));
  }
  return labelled({ features, labels, sampleShape: [SIDE, SIDE, 1], classes: 10 });
}

function drawDigit(digit: number, random: Random, ink: Float64Array): void {
  ink.fill(0);
  const hand = randomHand(random);
  for (const stroke of chooseStyle(digitStyles[digit]!, random).strokes) {
    // Strokes that are set on anew land a little off; those that start where the last ended must not come apart,
    // so the offset is well below the pen's width.
    const offsetX = random.uniform(-STROKE_OFFSET, STROKE_OFFSET);
    const offsetY = random.uniform(-STROKE_OFFSET, STROKE_OFFSET);
    drawStroke(stroke, hand, offsetX, offsetY, ink);
  }
}

function chooseStyle(styles: readonly DigitStyle[], random: Random): DigitStyle {
  let remaining = random.uniform(
    0,
    styles.reduce((sum, style) => sum + style.weight, 0),
  );
  for (const style of styles) {
    remaining -= style.weight;
    if (remaining < 0) return style;
  }
  return styles.at(-1)!;
}

const STROKE_OFFSET = 0.25; // pixels
const HALF_HEIGHT = 9.2; // of a mean digit, pixels
const ROTATION = 0.26; // largest tangent of the rotation angle
const SHIFT = 1.9; // largest, pixels
const ELASTIC = 0.76; // deviation of the displacement at a node, pixels
const GRID = 4; // displacement nodes a side

/** Everything that distinguishes one writing of a style from another. */
interface Hand {
  /** Pixel coordinates are (xx·x + xy·y + x0, yx·x + yy·y + y0) for x, y in −1 … 1. */
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
  readonly x0: number;
  readonly y0: number;
  /** (GRID, GRID, 2) displacements in pixels, interpolated between. */
  readonly displacement: Float64Array;
  /** Half the pen's width in pixels at a stroke's start, and what it grows by to its end. */
  readonly radius: number;
  readonly growth: number;
}

function randomHand(random: Random): Hand {
  const size = HALF_HEIGHT * random.uniform(0.82, 1.15);
  const width = size * random.uniform(0.62, 1.0);
  const slant = triangular(random, 0.5) - 0.12; // most hands lean to the right
  const tangent = triangular(random, ROTATION);
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  // rotation · shear · scale
  const xy = slant * size;
  const displacement = new Float64Array(GRID * GRID * 2);
  for (let i = 0; i < displacement.length; i++) displacement[i] = ELASTIC * bell(random);
  return {
    xx: cosine * width,
    xy: cosine * xy - sine * size,
    yx: sine * width,
    yy: sine * xy + cosine * size,
    x0: (SIDE - 1) / 2 + random.uniform(-SHIFT, SHIFT),
    y0: (SIDE - 1) / 2 + random.uniform(-SHIFT, SHIFT),
    displacement,
    radius: random.uniform(0.75, 1.7),
    growth: random.uniform(-0.35, 0.35),
  };
}

/** In (−bound, bound), small values likelier. */
function triangular(random: Random, bound: number): number {
  return bound * (random.uniform() - random.uniform());
}

/** Close to a standard normal (the sum of three uniforms), bounded, and exact arithmetic where a logarithm is not. */
function bell(random: Random): number {
  return 2 * (random.uniform() + random.uniform() + random.uniform() - 1.5);
}

const STEPS = 6; // line segments between two points of a stroke

function drawStroke(stroke: readonly number[], hand: Hand, dx: number, dy: number, ink: Float64Array): void {
  const points = stroke.length / 2;
  const segments = (points - 1) * STEPS;
  const at = { x: 0, y: 0 };
  place(stroke[0]!, stroke[1]!, hand, at);
  let fromX = at.x + dx;
  let fromY = at.y + dy;
  for (let segment = 1; segment <= segments; segment++) {
    const piece = Math.min(Math.floor(segment / STEPS), points - 2);
    const t = segment / STEPS - piece;
    place(catmullRom(stroke, piece, 0, t), catmullRom(stroke, piece, 1, t), hand, at);
    const toX = at.x + dx;
    const toY = at.y + dy;
    drawSegment(fromX, fromY, toX, toY, hand.radius + hand.growth * (segment / segments), ink);
    fromX = toX;
    fromY = toY;
  }
}

/** Coordinate `axis` at t in 0 … 1 between points `piece` and `piece` + 1 of the uniform Catmull–Rom spline. */
function catmullRom(stroke: readonly number[], piece: number, axis: 0 | 1, t: number): number {
  const last = stroke.length / 2 - 1;
  const p1 = stroke[2 * piece + axis]!;
  const p2 = stroke[2 * piece + 2 + axis]!;
  const p0 = piece > 0 ? stroke[2 * piece - 2 + axis]! : 2 * p1 - p2;
  const p3 = piece + 1 < last ? stroke[2 * piece + 4 + axis]! : 2 * p2 - p1;
  return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

/** Style coordinates (0 … 100) → pixels: the affine map, then the displacement at that place. */
function place(x: number, y: number, hand: Hand, out: { x: number; y: number }): void {
  const u = x / 50 - 1;
  const v = y / 50 - 1;
  const px = hand.xx * u + hand.xy * v + hand.x0;
  const py = hand.yx * u + hand.yy * v + hand.y0;
  // the cell of the displacement grid, in the frame of the digit so that all of it is used, and the place within it
  const gx = clamp(((u + 1.2) / 2.4) * (GRID - 1), 0, GRID - 1.001);
  const gy = clamp(((v + 1.2) / 2.4) * (GRID - 1), 0, GRID - 1.001);
  const column = Math.floor(gx);
  const row = Math.floor(gy);
  const a = smooth(gx - column);
  const b = smooth(gy - row);
  const node = 2 * (row * GRID + column);
  const d = hand.displacement;
  const between = (axis: 0 | 1): number => {
    const top = d[node + axis]! * (1 - a) + d[node + 2 + axis]! * a;
    const bottom = d[node + 2 * GRID + axis]! * (1 - a) + d[node + 2 * GRID + 2 + axis]! * a;
    return top * (1 - b) + bottom * b;
  };
  out.x = px + between(0);
  out.y = py + between(1);
}

const EDGE = 0.7; // the ink fades over twice this many pixels

/** Inks every pixel within `radius` of the segment: full inside, fading over the edge; overlaps keep the darker. */
function drawSegment(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  ink: Float64Array,
): void {
  const reach = radius + EDGE;
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(SIDE - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(SIDE - 1, Math.floor(Math.max(y0, y1) + reach));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy || 1;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = clamp(((x - x0) * dx + (y - y0) * dy) / length2, 0, 1);
      const offX = x - x0 - along * dx;
      const offY = y - y0 - along * dy;
      const distance2 = offX * offX + offY * offY;
      if (distance2 >= reach * reach) continue;
      const cover = smooth(clamp((reach - Math.sqrt(distance2)) / (2 * EDGE), 0, 1));
      const index = y * SIDE + x;
      if (cover > ink[index]!) ink[index] = cover;
    }
  }
}

/** Uneven ink, and a few specks on the paper. */
function toBytes(ink: Float64Array, random: Random, out: Uint8Array): void {
  const darkness = random.uniform(200, 255);
  for (let i = 0; i < PIXELS; i++) {
    const cover = ink[i]!;
    if (cover > 0) out[i] = Math.round(darkness * cover * random.uniform(0.8, 1));
  }
  const specks = random.integer(12);
  for (let i = 0; i < specks; i++) {
    const pixel = random.integer(PIXELS);
    out[pixel] = Math.max(out[pixel]!, random.integer(120));
  }
}

/** 3t² − 2t³: 0 at 0, 1 at 1, flat at both. */
function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

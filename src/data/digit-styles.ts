/**
 * How people write digits: for each digit several styles, each a list of pen strokes. A stroke is a list of points
 * (x, y, x, y, …) in a box of 100 × 100, y downwards, which the pen joins smoothly (Catmull–Rom); where it turns a
 * corner, one stroke ends and the next starts at the same point. `weight` is how common a style is within its digit.
 */
export interface DigitStyle {
  readonly weight: number;
  readonly strokes: readonly (readonly number[])[];
}

/** Strokes are written as SVG writes the points of a polyline: "x,y x,y …". */
function style(weight: number, ...strokes: string[]): DigitStyle {
  return { weight, strokes: strokes.map((points) => points.split(/[ ,]/).map(Number)) };
}

/** digitStyles[digit] */
export const digitStyles: readonly (readonly DigitStyle[])[] = [
  [
    // an oval closed at the top
    style(4, "52,4 26,18 14,50 24,82 50,96 76,82 87,50 76,18 50,5"),
    // begun at the upper right, the end crossing the beginning
    style(3, "70,14 42,6 18,34 16,66 38,94 68,86 85,54 76,20 52,8 36,16"),
    // narrow
    style(2, "54,5 36,22 30,52 38,84 52,95 66,80 70,48 64,18 52,6"),
    // left open at the top
    style(1, "40,8 20,34 18,68 40,94 70,86 84,54 76,22 60,10"),
  ],
  [
    style(5, "50,4 50,50 50,96"),
    // with a flag
    style(3, "30,26 42,16 53,4", "53,4 52,50 51,96"),
    // with a flag and a foot
    style(1, "32,22 44,14 53,4", "53,4 52,50 52,95", "30,95 52,95 74,94"),
    // slightly bent
    style(2, "55,4 50,34 49,66 52,96"),
  ],
  [
    // a hook and a straight foot
    style(3, "18,26 28,9 52,4 74,14 78,34 62,56 38,77 15,94", "15,94 50,93 86,92"),
    // a loop at the lower left
    style(3, "18,24 34,7 60,6 76,24 66,50 42,76 22,92 12,84 24,74 46,82 68,94 88,86"),
    // a wavy foot
    style(2, "20,22 44,5 72,14 74,38 50,62 20,90", "20,90 40,82 62,92 86,84"),
    // angular, almost a z
    style(1, "20,14 48,6 76,12", "76,12 62,42 18,92", "18,92 52,90 84,94"),
  ],
  [
    style(4, "20,14 44,4 72,12 75,30 60,43 40,47", "40,47 68,52 82,70 70,90 42,97 16,86"),
    // a flat top
    style(1, "18,8 48,7 76,8", "76,8 60,24 44,42", "44,42 72,48 84,68 70,90 42,96 16,86"),
    // one line, with a small loop in the middle
    style(2, "18,14 44,4 72,14 68,34 48,48 36,46 46,41 70,54 80,74 62,94 34,96 14,84"),
    // a large lower bow
    style(2, "26,12 48,5 66,12 66,28 46,40", "46,40 74,46 86,68 72,90 44,97 14,88"),
  ],
  [
    // open
    style(4, "26,8 22,34 18,55", "18,55 48,56 86,51", "72,12 68,50 64,96"),
    // closed, a triangle
    style(2, "64,5 40,36 12,66", "12,66 50,66 90,65", "64,5 65,50 66,96"),
    // rounded, like a y
    style(2, "22,8 20,34 34,54 58,52 75,34", "78,8 74,50 66,96"),
    // closed at the top, in one line
    style(1, "68,6 38,28 18,52 44,56 70,48", "70,6 70,48 66,96"),
  ],
  [
    style(3, "80,8 54,8 27,9", "27,9 24,26 22,45", "22,45 48,37 74,45 84,66 70,88 42,97 16,86"),
    // like an s
    style(2, "82,8 44,8 26,30 46,46 72,60 70,86 40,97 14,86"),
    // the bar set on afterwards, a little away
    style(3, "30,12 27,30 26,46", "26,46 50,40 72,48 78,68 64,90 40,96 18,90", "32,10 58,7 88,5"),
  ],
  [
    style(4, "66,5 40,24 20,54 22,82 46,96 72,86 76,66 56,53 34,60 22,76"),
    // upright, a small loop
    style(3, "42,4 26,36 19,68 30,92 56,96 76,82 70,62 46,58 24,74"),
    // a bent top
    style(2, "78,12 52,8 26,34 16,68 38,95 70,90 82,68 62,49 34,55 18,72"),
    // leaning, the loop low and flat
    style(1, "80,4 52,30 26,60 18,84 40,96 68,88 66,68 44,66 22,82"),
  ],
  [
    style(4, "14,11 48,10 84,9", "84,9 62,46 44,96"),
    // with a bar
    style(2, "14,11 48,9 82,10", "82,10 62,48 42,96", "32,52 54,50 76,50"),
    // with a serif
    style(2, "16,27 15,18 16,10", "16,10 50,9 84,8", "84,8 64,38 52,66 48,96"),
    // rounded
    style(2, "12,16 44,8 80,12 72,40 52,68 38,96"),
  ],
  [
    // one line
    style(4, "74,16 48,5 26,18 34,38 56,52 78,70 68,92 44,97 20,86 24,66 46,50 68,36 76,18"),
    // two rings
    style(2, "50,5 30,14 28,36 50,47 72,36 70,14 50,5", "50,47 24,58 20,84 50,97 80,84 76,58 50,47"),
    // left open at the upper right
    style(2, "78,14 46,6 26,24 48,46 74,66 66,92 36,96 20,78 44,54 82,10"),
    // narrow
    style(2, "64,14 48,4 36,18 42,38 56,56 66,76 58,94 42,94 34,76 44,54 58,36 66,14"),
  ],
  [
    style(3, "76,26 60,6 34,8 20,30 34,50 60,46 77,24", "77,24 74,60 66,96"),
    // a bent tail
    style(2, "74,16 46,4 22,22 30,46 56,47 76,22", "77,16 80,46 70,80 46,96 22,88"),
    // a straight leg, one line
    style(3, "72,18 46,5 22,24 34,48 58,42 74,16 70,50 60,96"),
    // a small loop, leaning leg
    style(1, "70,14 48,4 30,18 36,38 56,38 71,15", "71,15 62,56 42,96"),
  ],
];

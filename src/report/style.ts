// Greys and colours of middle lightness stand out on white and on near-black alike; the series colours are told apart
// by people with colour-blindness (after Okabe and Ito).
export const INK = "#737b85";
export const FONT_SIZE = 12;

const COLOURS = ["#1f77d0", "#e07b00", "#17966f", "#c2559b", "#8a63d2", "#a38200", "#2aa3c0", "#d1492e"];

const DASHES = [undefined, "6 3", "2 2"];

/** How the series of that index is drawn: past the last colour, the same colours again, dashed, then dotted. */
export function strokeOf(index: number): {
  readonly stroke: string;
  readonly "stroke-dasharray": string | undefined;
} {
  return {
    stroke: COLOURS[index % COLOURS.length]!,
    "stroke-dasharray": DASHES[Math.floor(index / COLOURS.length) % DASHES.length],
  };
}

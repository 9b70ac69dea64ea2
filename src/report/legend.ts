import { FONT_SIZE, strokeOf } from "./style.js";
import { element, escape, textWidth } from "./svg.js";

const ROW = 20;
const SWATCH = 22;
const SPACE = 22; // between entries

/** The names of the curves beside their strokes, and a note, in as many rows between `left` and `right` as they need. */
export function drawLegend(
  names: readonly string[],
  note: string | undefined,
  left: number,
  right: number,
): { readonly svg: string; readonly height: number } {
  let x = left;
  let row = 0;
  const add = (width: number, ...children: readonly string[]): string => {
    if (x > left && x + width > right) {
      x = left;
      row += 1;
    }
    const transform = `translate(${Math.round(x)} ${row * ROW + 12})`;
    x += width + SPACE;
    return element("g", { transform }, ...children);
  };
  const entries = names.map((name, index) =>
    add(
      SWATCH + 6 + textWidth(name, FONT_SIZE),
      element("line", { x2: SWATCH, "stroke-width": 2.5, ...strokeOf(index) }),
      element("text", { x: SWATCH + 6, y: 4 }, escape(name)),
    ),
  );
  if (note) entries.push(add(textWidth(note, FONT_SIZE), element("text", { y: 4 }, escape(note))));
  return { svg: element("g", {}, ...entries), height: (row + 1) * ROW };
}

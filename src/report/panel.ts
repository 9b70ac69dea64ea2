import { area, line } from "d3-shape";
import type { Axis } from "./axis.js";
import { INK, strokeOf } from "./style.js";
import { element, escape } from "./svg.js";

/** The plotted area of one panel, in pixels; its upper left corner is the origin of everything here. */
export const PANEL = { width: 290, height: 230 } as const;

/** Grid lines, ticks and labels. The vertical axis is labelled on the first panel of a row; its neighbours share it. */
export function drawAxes(across: Axis, up: Axis, labelVertical: boolean): string {
  const { width, height } = PANEL;
  const horizontal = up.ticks.flatMap(({ at, text }) => {
    const y = (1 - at) * height;
    const grid = element("line", { x2: width, y1: y, y2: y, stroke: INK, "stroke-opacity": 0.2 });
    if (!labelVertical) return [grid];
    return [grid, element("text", { x: -8, y: y + 4, "text-anchor": "end" }, escape(text))];
  });
  const every = Math.ceil((across.ticks.length * widest(across.ticks)) / width);
  const vertical = across.ticks.flatMap(({ at, text }, index) => {
    const x = at * width;
    const mark = element("line", { x1: x, x2: x, y1: height, y2: height + 5, stroke: INK });
    if (index % every !== 0) return [mark];
    return [mark, element("text", { x, y: height + 18, "text-anchor": "middle" }, escape(text))];
  });
  const title = { "text-anchor": "middle", "font-weight": 600 };
  return element(
    "g",
    {},
    ...horizontal,
    element("line", { y1: height, x2: width, y2: height, stroke: INK }),
    ...vertical,
    element("text", { ...title, x: width / 2, y: height + 37 }, escape(across.label)),
    labelVertical
      ? element("text", { ...title, transform: `translate(-48 ${height / 2}) rotate(-90)` }, escape(up.label))
      : "",
  );
}

/** Pixels that the longest label takes, with some space beside it. */
function widest(ticks: Axis["ticks"]): number {
  const CHARACTER = 7;
  return CHARACTER * (1 + Math.max(1, ...ticks.map(({ text }) => text.length)));
}

/** How far along, the value there, and the ends of the band around it. */
export interface BandPoint {
  readonly at: number;
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

/**
 * One curve: the band where its runs differ, the middle, and a dot where it ends. Gaps where the middle is not finite;
 * an end of the band that is not is the panel's.
 */
export function drawCurve(points: readonly BandPoint[], index: number, across: Axis, up: Axis): string {
  const placed = points.map(({ at, middle, least, most }) => {
    const x = across.place(at);
    const y = up.place(middle);
    return x === undefined || y === undefined
      ? undefined
      : {
          x: x * PANEL.width,
          middle: heightOf(y),
          least: heightOf(inside(up.place(least) ?? 0)),
          most: heightOf(inside(up.place(most) ?? 1)),
        };
  });
  type Placed = NonNullable<(typeof placed)[number]>;
  const isPlaced = (point: Placed | undefined): point is Placed => point !== undefined;
  const { stroke, ...dash } = strokeOf(index);
  const band = area<Placed | undefined>()
    .digits(1)
    .defined(isPlaced)
    .x((point) => point!.x)
    .y0((point) => point!.least)
    .y1((point) => point!.most);
  const middle = line<Placed | undefined>()
    .digits(1)
    .defined(isPlaced)
    .x((point) => point!.x)
    .y((point) => point!.middle);
  const spread = placed.some((point) => point !== undefined && point.least !== point.most);
  const last = placed.findLast(isPlaced);
  return element(
    "g",
    {},
    spread ? element("path", { d: band(placed) ?? "", fill: stroke, "fill-opacity": 0.18 }) : "",
    element("path", {
      d: middle(placed) ?? "",
      fill: "none",
      stroke,
      ...dash,
      "stroke-width": 2,
      "stroke-linejoin": "round",
    }),
    last ? element("circle", { cx: last.x, cy: last.middle, r: 2.8, fill: stroke }) : "",
  );
}

/** A band that reaches beyond the panel ends at its edge. */
function inside(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Share of an axis, upwards → pixels, downwards. */
function heightOf(share: number): number {
  return (1 - share) * PANEL.height;
}

import { linearAxis, type Axis } from "./axis.js";
import { FONT_SIZE, INK, strokeOf } from "./style.js";
import { element, escape, textWidth } from "./svg.js";
import { ACTIVITIES, type RankTrace, type Span, type TracedStep } from "./trace.js";

const WIDTH = 1000;
const ROW = 26;
const BAR = 18;
const TOP = 52; // for title and legend
const BOTTOM = 42; // for the axis' labels
const LEFT = 70; // for the names of ranks

/** A step of a rank, and which rank that is. */
interface Row extends TracedStep {
  readonly rank: number;
}

/**
 * What every rank does in one step, a row a rank, against time, as an SVG that reads well on white and on dark pages; the
 * name and length of each stretch are told by the pointer. It is of the first step that all ranks have traced.
 */
export function timelineSvg(ranks: readonly RankTrace[], title: string): string {
  const rows = rowsOf(ranks);
  const spans = rows.flatMap((row) => row.spans);
  const begin = spans.reduce((least, span) => Math.min(least, span.begin), Infinity);
  const end = spans.reduce((most, span) => Math.max(most, span.end), -Infinity);
  const across = linearAxis("Milliseconds", (end - begin) / 1000);
  const height = rows.length * ROW;
  const label = `${title}, step ${rows[0]!.step}`;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${LEFT + WIDTH + 20} ${TOP + height + BOTTOM}`,
      role: "img",
      "aria-label": label,
      "font-family": "system-ui, sans-serif",
      "font-size": FONT_SIZE,
      fill: INK,
    },
    element("title", {}, escape(label)),
    element("text", { x: LEFT, y: 14, "font-weight": 600 }, escape(label)),
    legend(),
    element(
      "g",
      { transform: `translate(${LEFT} ${TOP})` },
      ...grid(across, height),
      ...rows.flatMap((row, index) => rowOf(row, index * ROW, begin, across)),
    ),
  );
}

function rowsOf(ranks: readonly RankTrace[]): Row[] {
  const { step } = ranks[0]!.steps[0]!;
  return ranks.map(({ rank, steps }) => ({ rank, ...steps.find((one) => one.step === step)! }));
}

function legend(): string {
  let x = LEFT;
  const entries = ACTIVITIES.map((activity, index) => {
    const at = x;
    x += 18 + textWidth(activity, FONT_SIZE) + 22;
    return element(
      "g",
      { transform: `translate(${at} 24)` },
      element("rect", { width: 12, height: 12, fill: strokeOf(index + 1).stroke }),
      element("text", { x: 18, y: 10 }, activity),
    );
  });
  return element("g", {}, ...entries);
}

function grid(across: Axis, height: number): string[] {
  const lines = across.ticks.flatMap(({ at, text }) => [
    element("line", { x1: at * WIDTH, x2: at * WIDTH, y2: height, stroke: INK, "stroke-opacity": 0.2 }),
    element("text", { x: at * WIDTH, y: height + 16, "text-anchor": "middle" }, escape(text)),
  ]);
  const name = { x: WIDTH / 2, y: height + 34, "text-anchor": "middle", "font-weight": 600 };
  return [...lines, element("text", name, escape(across.label))];
}

function rowOf({ rank, spans }: Row, y: number, begin: number, across: Axis): string[] {
  const at = (time: number): number => across.place((time - begin) / 1000)! * WIDTH;
  return [
    element("text", { x: -10, y: y + BAR - 4, "text-anchor": "end" }, `rank ${rank}`),
    ...spans.map((span) =>
      element(
        "rect",
        {
          ...{ x: at(span.begin), y, width: at(span.end) - at(span.begin), height: BAR },
          fill: strokeOf(ACTIVITIES.indexOf(span.activity) + 1).stroke,
        },
        element("title", {}, escape(told(span))),
      ),
    ),
  ];
}

/** "waiting, allreduce: 1.25 ms" */
function told({ activity, call, begin, end }: Span): string {
  return `${activity}${call === undefined ? "" : `, ${call}`}: ${((end - begin) / 1000).toPrecision(3)} ms`;
}

import { largest, linearAxis, type Axis } from "../report/axis.js";
import { drawLegend } from "../report/legend.js";
import { drawAxes, drawCurve, PANEL, type BandPoint } from "../report/panel.js";
import { picture, TITLE_HEIGHT } from "../report/picture.js";
import { INK, strokeOf } from "../report/style.js";
import { element } from "../report/svg.js";
import { PARTS, type Point } from "./points.js";

const LEFT = 62; // for the labels of a panel's vertical axis
const GAP = 74;
const BOTTOM = 46;
const RIGHT = 18;

/** Speed-up against the ideal, efficiency, and the parts of a step, against ranks. */
export function scalePicture(points: readonly Point[], title: string): string {
  const width = LEFT + 3 * PANEL.width + 2 * GAP + RIGHT;
  const repeats = Math.max(...points.map((point) => point.repeats));
  const note = `(dashed: ideal${repeats > 1 ? `; median and quartiles of ${repeats} runs` : ""})`;
  const legend = drawLegend(["measured", ...PARTS], note, LEFT, width - RIGHT);
  const top = TITLE_HEIGHT + legend.height + 12;
  const panels = [speedUps, efficiencies, splits].map((panel, index) =>
    element("g", { transform: `translate(${LEFT + index * (PANEL.width + GAP)} ${top})` }, ...panel(points)),
  );
  const description = `${title}: speed-up, efficiency and the parts of a step on ${points.map(({ ranks }) => ranks).join(", ")} ranks`;
  return picture(
    { width, height: top + PANEL.height + BOTTOM, left: LEFT, title, description },
    element("g", { transform: `translate(0 ${TITLE_HEIGHT})` }, legend.svg),
    ...panels,
  );
}

function speedUps(points: readonly Point[]): string[] {
  const band = points.map((point) => banded(point, point.speedUp));
  const most = points.at(-1)!.ranks;
  return curvePanel(band, most, "Speed-up", (ranks) => ranks);
}

function efficiencies(points: readonly Point[]): string[] {
  const band = points.map((point) => banded(point, point.efficiency));
  return curvePanel(band, points.at(-1)!.ranks, "Efficiency", () => 1);
}

/** A step that takes longer has less of what its time is the divisor of. */
function banded({ ranks, seconds, low, high }: Point, middle: number): BandPoint {
  return { at: ranks, middle, least: (middle * seconds) / high, most: (middle * seconds) / low };
}

function curvePanel(
  band: readonly BandPoint[],
  ranks: number,
  label: string,
  ideal: (ranks: number) => number,
): string[] {
  const across = wholeTicks(linearAxis("Ranks", ranks, String));
  const up = linearAxis(
    label,
    1.05 *
      largest(
        band.map(({ most }) => most),
        ideal(ranks),
      ),
  );
  const dots = band.map(({ at, middle }) =>
    element("circle", {
      cx: across.place(at)! * PANEL.width,
      cy: (1 - up.place(middle)!) * PANEL.height,
      r: 3.5,
      fill: strokeOf(0).stroke,
    }),
  );
  const line = {
    ...{ x1: 0, y1: (1 - up.place(ideal(0))!) * PANEL.height },
    ...{ x2: PANEL.width, y2: (1 - up.place(ideal(ranks))!) * PANEL.height },
  };
  return [
    drawAxes(across, up, true),
    element("line", { ...line, stroke: INK, "stroke-width": 1.5, "stroke-dasharray": "6 3" }),
    drawCurve(band, 0, across, up),
    ...dots,
  ];
}

/** A bar for each number of ranks, with its parts on one another. */
function splits(points: readonly Point[]): string[] {
  const room = PANEL.width / points.length;
  const across: Axis = {
    label: "Ranks",
    place: (ranks) => (points.findIndex((point) => point.ranks === ranks) + 0.5) / points.length,
    ticks: points.map(({ ranks }, index) => ({ at: (index + 0.5) / points.length, text: String(ranks) })),
  };
  const totals = points.map(({ parts }) => PARTS.reduce((sum, part) => sum + parts[part], 0));
  const up = linearAxis("Milliseconds a step", 1050 * largest(totals, 0));
  const bars = points.flatMap(({ ranks, parts }) => {
    let below = 0;
    return PARTS.map((part, index) => {
      const [bottom, height] = [up.place(1000 * below)!, up.place(1000 * parts[part])!];
      below += parts[part];
      return element("rect", {
        x: across.place(ranks)! * PANEL.width - 0.3 * room,
        y: (1 - bottom - height) * PANEL.height,
        width: 0.6 * room,
        height: height * PANEL.height,
        fill: strokeOf(index + 1).stroke,
      });
    });
  });
  return [drawAxes(across, up, true), ...bars];
}

function wholeTicks(axis: Axis): Axis {
  return { ...axis, ticks: axis.ticks.filter(({ text }) => Number.isInteger(Number(text))) };
}

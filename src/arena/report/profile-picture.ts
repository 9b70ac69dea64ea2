import { scaleLinear } from "d3-scale";
import type { Axis } from "../../report/axis.js";
import { drawLegend } from "../../report/legend.js";
import { drawAxes, drawCurve, PANEL, type BandPoint } from "../../report/panel.js";
import { picture, TITLE_HEIGHT } from "../../report/picture.js";
import { element, escape } from "../../report/svg.js";
import { UNITS, type Compared } from "./compared.js";
import type { Outcome } from "./outcomes.js";
import { LAST_TAU, ratiosBy, rho, type Ratio } from "./profile.js";

const LEFT = 62; // for the y axis' labels
const RIGHT = 18;
const GAP = 28;
const ABOVE = 26; // for a panel's title
const BELOW = 52; // for the x axis' labels
const WIDTH = LEFT + UNITS.length * (PANEL.width + GAP) - GAP + RIGHT;

/** The performance profiles by seconds, gradients and epochs, one panel each, as a static SVG. */
export function profilesPicture(compared: Compared, outcomes: readonly Outcome[]): string {
  const names = compared.methods.map(({ name }) => name);
  const legend = drawLegend(names, undefined, LEFT, WIDTH - RIGHT);
  const top = TITLE_HEIGHT + legend.height + ABOVE;
  const panels = UNITS.map((unit, index) => {
    const profiles = ratiosBy(unit, compared, outcomes);
    return element(
      "g",
      { transform: `translate(${LEFT + index * (PANEL.width + GAP)} ${top})` },
      element("text", { y: -9, "font-weight": 600 }, escape(`By ${unit}`)),
      drawAxes(TAU, SOLVED, index === 0),
      ...profiles.map((ratios, method) =>
        element(
          "g",
          { transform: `translate(0 ${besides(method, profiles.length)})` },
          drawCurve(stairs(ratios), method, TAU, SOLVED),
        ),
      ),
    );
  });
  const title = "Performance profiles: share of the workloads solved within τ times the fastest";
  return picture(
    {
      width: WIDTH,
      height: top + PANEL.height + BELOW,
      left: LEFT,
      title,
      description: `${title}, of ${names.join(", ")}`,
    },
    element("g", { transform: `translate(0 ${TITLE_HEIGHT})` }, legend.svg),
    ...panels,
  );
}

const TAU = axis("τ", [1, LAST_TAU], [1, 1.5, 2, 2.5, 3, 3.5, 4], String);
const SOLVED = axis("Solved in %", [-0.04, 1.04], [0, 0.2, 0.4, 0.6, 0.8, 1], (share) =>
  String(Math.round(100 * share)),
);

function axis(
  label: string,
  domain: readonly [number, number],
  ticks: readonly number[],
  format: (value: number) => string,
): Axis {
  const scale = scaleLinear(domain, [0, 1]);
  return { label, place: scale, ticks: ticks.map((tick) => ({ at: scale(tick), text: format(tick) })) };
}

/** ρ between its steps. */
function stairs(ratios: readonly Ratio[]): BandPoint[] {
  const point = (at: number, share: number): BandPoint => ({ at, middle: share, least: share, most: share });
  const steps = ratios.map(({ ratio }) => ratio).filter((ratio) => ratio > 1 && ratio <= LAST_TAU);
  let share = rho(ratios, 1);
  const points = [point(1, share)];
  for (const tau of [...new Set(steps)].sort((a, b) => a - b)) {
    points.push(point(tau, share));
    share = rho(ratios, tau);
    points.push(point(tau, share));
  }
  return [...points, point(LAST_TAU, share)];
}

/** Pixels to move a curve by, so that those that solve as many lie beside each other, not under. */
function besides(index: number, count: number): number {
  return (index - (count - 1) / 2) * Math.min(2, 12 / count);
}

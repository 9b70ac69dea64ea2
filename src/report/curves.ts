import { epochAxis, largest, logAxis, shareAxis, timeAxis } from "./axis.js";
import { drawLegend } from "./legend.js";
import { drawAxes, drawCurve, PANEL } from "./panel.js";
import { toSeries, type NamedRun, type SeriesPoint } from "./series.js";
import { FONT_SIZE, INK } from "./style.js";
import { element, escape } from "./svg.js";

const LEFT = 62; // for the y axis' labels
const GAP = { x: 30, y: 62 };
const BOTTOM = 46; // for the x axis' labels
const RIGHT = 18;
const WIDTH = LEFT + 2 * PANEL.width + GAP.x + RIGHT;

/**
 * Training loss (logarithmic) and test accuracy against epochs and against seconds, as a static SVG that reads well on
 * white and on dark pages. Runs of one name are drawn as one curve: their mean, in a band from smallest to largest.
 */
export function curvesSvg(runs: readonly NamedRun[]): string {
  const series = toSeries(runs);
  const points = series.flatMap((one) => one.points);
  const epochs = epochAxis(
    largest(
      points.map((point) => point.epoch),
      0,
    ),
  );
  const time = timeAxis(
    largest(
      points.map((point) => point.seconds),
      0,
    ),
  );
  const loss = logAxis("Training loss", values(points, "loss"));
  const accuracy = shareAxis("Test accuracy", values(points, "testAccuracy"));

  const legend = drawLegend(series, LEFT, WIDTH - RIGHT);
  const top = legend.height + 12;
  const right = LEFT + PANEL.width + GAP.x;
  const below = top + PANEL.height + GAP.y;
  const height = below + PANEL.height + BOTTOM;
  const description = `Training loss and test accuracy of ${series.map(({ name }) => name).join(", ")}`;
  const panels = [
    { x: LEFT, y: top, across: epochs, by: "epoch", up: loss, of: "loss" },
    { x: right, y: top, across: time, by: "seconds", up: loss, of: "loss" },
    { x: LEFT, y: below, across: epochs, by: "epoch", up: accuracy, of: "testAccuracy" },
    { x: right, y: below, across: time, by: "seconds", up: accuracy, of: "testAccuracy" },
  ] as const;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}`,
      width: WIDTH,
      height: Math.ceil(height),
      role: "img",
      "aria-label": description,
      "font-family": "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
      "font-size": FONT_SIZE,
      fill: INK,
    },
    element("title", {}, escape(description)),
    legend.svg,
    ...panels.map(({ x, y, across, by, up, of }) =>
      element(
        "g",
        { transform: `translate(${x} ${y})` },
        drawAxes(across, up, x === LEFT),
        ...series.map((one, index) => drawCurve(one.points, index, across, up, by, of)),
      ),
    ),
  );
  return `${svg}\n`;
}

/** All values an axis has to show: the ends of the bands. */
function values(points: readonly SeriesPoint[], of: "loss" | "testAccuracy"): number[] {
  return points.flatMap((point) => [point[of].min, point[of].max]);
}

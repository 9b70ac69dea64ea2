import { epochAxis, gradientAxis, largest, lossAxis, shareAxis, timeAxis, type Axis } from "./axis.js";
import { drawLegend } from "./legend.js";
import { drawAxes, drawCurve, PANEL, type BandPoint } from "./panel.js";
import {
  toSeries,
  type Series,
  type SeriesPoint,
  type NamedRun,
  type Progress,
  type Result,
} from "./series.js";
import { picture, TITLE_HEIGHT } from "./picture.js";
import { element } from "./svg.js";

const LEFT = 62; // for the y axis' labels
const GAP = { x: 24, y: 58 };
const BOTTOM = 46; // for the x axis' labels
const RIGHT = 18;
const WIDTH = LEFT + 3 * PANEL.width + 2 * GAP.x + RIGHT;

/**
 * Training loss and test accuracy, or test loss where no classes are predicted, against epochs, gradients and seconds, under a title that says of what and on which
 * data, as a static SVG that reads well on white and on dark pages. Runs of one name are drawn as one curve: their
 * mean, in a band from smallest to largest.
 */
export function curvesSvg(runs: readonly NamedRun[], title: string): string {
  const series = toSeries(runs);
  const points = series.flatMap((one) => one.points);
  const column = (by: Progress, axisTo: (last: number) => Axis) => {
    const reached = points.map((point) => point[by]);
    return { by, axis: axisTo(largest(reached, 0)) };
  };
  const row = (of: Result, label: string, axisOf: (label: string, values: readonly number[]) => Axis) => {
    const ends = points.flatMap((point) => [point[of].min, point[of].max]); // of the bands
    return { of, axis: axisOf(label, ends) };
  };
  const columns = [
    column("epoch", epochAxis),
    column("gradientEvaluations", gradientAxis),
    column("seconds", timeAxis),
  ];
  const have = (of: Result) => points.length > 0 && points.every((point) => !Number.isNaN(point[of].mean));
  const training = row("loss", "Training loss", lossAxis);
  const second =
    have("testAccuracy") || points.length === 0
      ? [row("testAccuracy", "Test accuracy", shareAxis)]
      : have("testLoss")
        ? [row("testLoss", "Test loss", lossAxis)]
        : [];
  const rows = [training, ...second];

  const legend = drawLegend(
    series.map(({ name }) => name),
    noteOn(series),
    LEFT,
    WIDTH - RIGHT,
  );
  const top = TITLE_HEIGHT + legend.height + 12;
  const height = top + rows.length * PANEL.height + (rows.length - 1) * GAP.y + BOTTOM;
  const panels = rows.flatMap(({ of, axis: up }, down) =>
    columns.map(({ by, axis: across }, right) => {
      const x = LEFT + right * (PANEL.width + GAP.x);
      const y = top + down * (PANEL.height + GAP.y);
      return element(
        "g",
        { transform: `translate(${x} ${y})` },
        drawAxes(across, up, right === 0),
        ...series.map((one, index) => drawCurve(one.points.map(bandOf(by, of)), index, across, up)),
      );
    }),
  );
  const description = `${title}: ${rows.map(({ axis }) => axis.label.toLowerCase()).join(" and ")} of ${series.map(({ name }) => name).join(", ")}`;
  return picture(
    { width: WIDTH, height, left: LEFT, title, description },
    element("g", { transform: `translate(0 ${TITLE_HEIGHT})` }, legend.svg),
    ...panels,
  );
}

function bandOf(by: Progress, of: Result): (point: SeriesPoint) => BandPoint {
  return (point) => ({ at: point[by], middle: point[of].mean, least: point[of].min, most: point[of].max });
}

/** What the bands are, where there are any. */
function noteOn(series: readonly Series[]): string | undefined {
  const counts = [...new Set(series.map(({ runs }) => runs))].sort((a, b) => a - b);
  if ((counts.at(-1) ?? 1) === 1) return undefined;
  return `(mean, smallest and largest of ${counts.join(" or ")} runs)`;
}

import {
  bytesAxis,
  epochAxis,
  gradientAxis,
  largest,
  lossAxis,
  shareAxis,
  timeAxis,
  type Axis,
} from "./axis.js";
import { drawLegend } from "./legend.js";
import { drawAxes, drawCurve, PANEL, type BandPoint } from "./panel.js";
import { picture, TITLE_HEIGHT } from "./picture.js";
import {
  toSeries,
  type NamedRun,
  type Progress,
  type RESULTS,
  type Series,
  type SpreadColumns,
} from "./series.js";
import { BAND_WORDS, type Band } from "./spread.js";
import { element } from "./svg.js";
import { thinned } from "./thin.js";

const LEFT = 62; // for the y axis' labels
const GAP = { x: 24, y: 58 };
const BOTTOM = 46; // for the x axis' labels
const RIGHT = 18;

/** More points of a curve than `most` are not told apart on a panel; many curves have fewer, of `all` their share. */
const POINTS = { least: 150, most: 600, all: 20_000 };

type Result = (typeof RESULTS)[number];

/**
 * Training loss and test accuracy, or test loss where no classes are predicted, against epochs, gradients, seconds, and
 * bytes where some were sent, under a title that says of what and on which data, as a static SVG that reads well on white
 * and on dark pages. Runs of one name are drawn as one curve: their middle, in a band.
 */
export function curvesSvg(runs: readonly NamedRun[], title: string, band: Band = "quartiles"): string {
  return curvesOf(toSeries(runs, band), title, band);
}

/** The same of series, which have these results at least. */
export function curvesOf(series: readonly Series[], title: string, band: Band): string {
  const column = (by: Progress, axisTo: (last: number) => Axis) => ({
    by,
    axis: axisTo(series.reduce((last, { progress }) => largest([...progress[by]], last), 0)),
  });
  const share = Math.floor(POINTS.all / Math.max(1, series.length));
  const most = Math.min(POINTS.most, Math.max(POINTS.least, share));
  const row = (of: Result, label: string, axisOf: (label: string, values: readonly number[]) => Axis) => {
    const shown = series.map(({ length, results }) =>
      thinned(length, most, (index) => results.get(of)!.middle[index]!),
    );
    return { of, shown, axis: axisOf(label, endsOf(series, of, shown)) };
  };
  const columns = [
    column("epoch", epochAxis),
    column("gradientEvaluations", gradientAxis),
    column("seconds", timeAxis),
    ...(hasTraffic(series) ? [column("bytesSent", bytesAxis)] : []),
  ];
  const isEmpty = series.every(({ length }) => length === 0);
  const have = (of: Result) =>
    !isEmpty && series.every(({ results }) => !results.get(of)!.middle.some(Number.isNaN));
  const training = row("loss", "Training loss", lossAxis);
  const second =
    isEmpty || have("testAccuracy")
      ? [row("testAccuracy", "Test accuracy", shareAxis)]
      : have("testLoss")
        ? [row("testLoss", "Test loss", lossAxis)]
        : [];
  const rows = [training, ...second];

  const width = LEFT + columns.length * PANEL.width + (columns.length - 1) * GAP.x + RIGHT;
  const legend = drawLegend(
    series.map(({ name }) => name),
    noteOn(series, band),
    LEFT,
    width - RIGHT,
  );
  const top = TITLE_HEIGHT + legend.height + 12;
  const height = top + rows.length * PANEL.height + (rows.length - 1) * GAP.y + BOTTOM;
  const panels = rows.flatMap(({ of, shown, axis: up }, down) =>
    columns.map(({ by, axis: across }, right) => {
      const x = LEFT + right * (PANEL.width + GAP.x);
      const y = top + down * (PANEL.height + GAP.y);
      return element(
        "g",
        { transform: `translate(${x} ${y})` },
        drawAxes(across, up, right === 0),
        ...series.map((one, index) =>
          drawCurve(
            shown[index]!.map((at) => pointOf(one, by, of, at)),
            index,
            across,
            up,
          ),
        ),
      );
    }),
  );
  const description = `${title}: ${rows.map(({ axis }) => axis.label.toLowerCase()).join(" and ")} of ${series.map(({ name }) => name).join(", ")}`;
  return picture(
    { width, height, left: LEFT, title, description },
    element("g", { transform: `translate(0 ${TITLE_HEIGHT})` }, legend.svg),
    ...panels,
  );
}

/** Whether ranks sent each other anything. */
export function hasTraffic(series: readonly Series[]): boolean {
  return series.some(({ progress }) => (progress.bytesSent.at(-1) ?? 0) > 0);
}

/** What an axis is to show: of the bands not what lies far below every curve, as the interval of a mean may. */
function endsOf(series: readonly Series[], of: Result, shown: readonly (readonly number[])[]): number[] {
  const column = (end: keyof SpreadColumns): number[] =>
    series.flatMap(({ results }, index) => shown[index]!.map((at) => results.get(of)![end][at]!));
  const middle = column("middle");
  const least = middle.reduce((a, b) => (b < a ? b : a), Infinity);
  return [...middle, ...column("high"), ...column("low").filter((low) => low >= Math.min(least, least / 2))];
}

function pointOf({ progress, results }: Series, by: Progress, of: Result, index: number): BandPoint {
  const { middle, low, high } = results.get(of)!;
  return { at: progress[by][index]!, middle: middle[index]!, least: low[index]!, most: high[index]! };
}

/** What the bands are, where there are any. */
export function noteOn(series: readonly Pick<Series, "runs" | "cut">[], band: Band): string | undefined {
  const counts = [...new Set(series.map(({ runs }) => runs))].sort((a, b) => a - b);
  if ((counts.at(-1) ?? 1) === 1) return undefined;
  const cut = series.some((one) => one.cut) ? ", as far as all of them went" : "";
  return `(${BAND_WORDS[band]} ${counts.join(" or ")} runs${cut})`;
}

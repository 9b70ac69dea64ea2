import {
  epochAxis,
  gradientAxis,
  logAxis,
  lossAxis,
  shareAxis,
  timeAxis,
  type Axis,
} from "../../report/axis.js";
import { drawLegend } from "../../report/legend.js";
import { drawAxes, drawCurve, PANEL, type BandPoint } from "../../report/panel.js";
import { picture, TITLE_HEIGHT } from "../../report/picture.js";
import { INK } from "../../report/style.js";
import { element, escape } from "../../report/svg.js";
import type { Target } from "../trial.js";
import { bandOf } from "./bands.js";
import type { Compared, ComparedWorkload, Unit } from "./compared.js";
import type { Outcome } from "./outcomes.js";

const LEFT = 62; // for the y axis' labels
const RIGHT = 18;
const ABOVE = 26; // for a panel's title
const BELOW = 52; // for the x axis' labels
const GAP = 76; // for those of the next panel
const COLUMNS = 3;

/** Who is faster than the longest run by more than this is not seen on a linear axis. */
const WIDE = 20;

const PROGRESS = {
  seconds: { name: "training time", label: "Training time in seconds", linear: timeAxis },
  gradients: { name: "gradients", label: "Gradients (full batch)", linear: gradientAxis },
  epochs: { name: "epochs", label: "Epoch", linear: epochAxis },
} as const satisfies Record<Unit, unknown>;

/**
 * A panel a workload: the metric of its last target against `by`, for each method the median over the seeds in a band
 * from the smallest to the largest, and the targets as lines; as a static SVG.
 */
export function comparedCurves(
  by: Unit,
  { workloads, methods }: Compared,
  outcomes: readonly Outcome[],
): string {
  const names = methods.map(({ name }) => name);
  const columns = Math.min(COLUMNS, workloads.length);
  const width = LEFT + Math.max(2, columns) * (PANEL.width + GAP) - GAP + RIGHT;
  const legend = drawLegend(names, "(median, smallest and largest over the seeds)", LEFT, width - RIGHT);
  const top = TITLE_HEIGHT + legend.height;
  const panels = workloads.map((workload, index) => {
    const x = LEFT + (index % columns) * (PANEL.width + GAP);
    const y = top + ABOVE + Math.floor(index / columns) * (PANEL.height + ABOVE + BELOW);
    const bands = names.map((name) => {
      const outcome = outcomes.find((one) => one.method === name && one.workload === workload);
      return outcome ? bandOf(outcome, by, workload.targets.at(-1)!) : [];
    });
    const reached = outcomes
      .filter((outcome) => outcome.workload === workload)
      .flatMap(({ times }) => times.map((time) => time[by].median));
    return element(
      "g",
      { transform: `translate(${x} ${y})` },
      ...panel(by, workload, bands, Math.min(...reached)),
    );
  });
  const height = top + Math.ceil(workloads.length / Math.max(1, columns)) * (PANEL.height + ABOVE + BELOW);
  const title = `Progress by ${PROGRESS[by].name}`;
  const description = `${title} of ${names.join(", ")} on ${workloads.map(({ name }) => name).join(", ")}`;
  return picture(
    { width, height, left: LEFT, title, description },
    element("g", { transform: `translate(0 ${TITLE_HEIGHT})` }, legend.svg),
    ...panels,
  );
}

function panel(
  by: Unit,
  { name, targets }: ComparedWorkload,
  bands: readonly (readonly BandPoint[])[],
  fastest: number,
): string[] {
  const shown = targets.filter(({ metric }) => metric === targets.at(-1)!.metric);
  const points = bands.flat();
  const across = acrossAxis(by, points, fastest);
  const up = upAxis(shown, points);
  return [
    element("text", { y: -9, "font-weight": 600 }, escape(name)),
    drawAxes(across, up.axis, true),
    ...shown.map((target) => drawTarget(target, up)),
    ...bands.map((band, index) => drawCurve(band, index, across, up.axis)),
  ];
}

/** Logarithmic where some methods have arrived long before others end. */
function acrossAxis(by: Unit, points: readonly BandPoint[], fastest: number): Axis {
  const { label, linear } = PROGRESS[by];
  const places = points.map(({ at }) => at).filter((at) => at > 0);
  const last = places.reduce((a, b) => Math.max(a, b), 0);
  return fastest > 0 && WIDE * fastest < last ? logAxis(label, places) : linear(last);
}

/** A panel's vertical axis, and how values are written there. */
interface Up {
  readonly axis: Axis;
  readonly text: (value: number) => string;
}

/**
 * Shares as their errors, everything else as losses. Of the bands the better end has a place for sure: the worse one, of
 * a seed that diverges, has no limit.
 */
function upAxis(targets: readonly Target[], points: readonly BandPoint[]): Up {
  const { metric, direction } = targets[0]!;
  const label = metric === "loss" ? "Training loss" : sentence(metric);
  const values = points.flatMap(({ middle, least, most }) => [middle, direction === "max" ? most : least]);
  values.push(...targets.map(({ value }) => value));
  const isShare =
    direction === "max" && values.every((value) => !Number.isFinite(value) || (value >= 0 && value <= 1));
  return isShare
    ? {
        axis: within0And1(shareAxis(label, values)),
        text: (value) => `${Number((100 * value).toPrecision(6))} %`,
      }
    : { axis: within0And1(lossAxis(label, values)), text: String };
}

/** A band that reaches beyond the panel ends at its edge. */
function within0And1(axis: Axis): Axis {
  const place = (value: number): number | undefined => {
    const at = axis.place(value);
    return at === undefined ? undefined : Math.min(1, Math.max(0, at));
  };
  return { ...axis, place };
}

/** On the left, where few curves have come as far. */
function drawTarget({ value, direction }: Target, { axis, text }: Up): string {
  const y = (1 - (axis.place(value) ?? 0)) * PANEL.height;
  const dots = { stroke: INK, "stroke-width": 1.5, "stroke-dasharray": "2 3" };
  return element(
    "g",
    {},
    element("line", { x2: PANEL.width, y1: y, y2: y, ...dots }),
    element("text", { x: 4, y: y - 4, "font-size": 10 }, `${direction === "max" ? "≥" : "≤"} ${text(value)}`),
  );
}

/** "testAccuracy" → "Test accuracy" */
function sentence(name: string): string {
  const words = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

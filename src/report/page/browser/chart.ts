import { strokeOf } from "../../style.js";
import type { PageData } from "../data.js";
import type { DrawnSeries } from "./curves.js";
import { fillBand, strokeCurve } from "./path.js";
import { error, linear, logarithmic, placedBy, share, type Scale } from "./scale.js";

/** What all charts of a page share. */
export interface Choice {
  /** Index of the horizontal axis. */
  by: number;
  logX: boolean;
  /** Losses by their order of magnitude, shares by what is missing to 1. */
  logY: boolean;
  bands: boolean;
}

/** A part of the plane, in coordinates of the scales. */
export interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** More curves than these are as thin as the screen draws, which takes a fifth of the time. */
const MANY = 25;

const MARGIN = { left: 58, right: 26, top: 10, bottom: 40 };

/** The axes and curves of one result, on a canvas. */
export class Chart {
  /** What is left out is all that there is. */
  zoom: Partial<View> = {};
  #view: View = { x: [0, 1], y: [0, 1] };

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly page: PageData,
    private readonly series: readonly DrawnSeries[],
    private readonly choice: Choice,
    public result: number,
  ) {}

  get x(): Scale {
    return this.choice.logX ? logarithmic : linear;
  }

  get y(): Scale {
    const isShare = this.page.results[this.result]!.kind === "share";
    if (this.choice.logY) return isShare ? error : logarithmic;
    return isShare ? share : linear;
  }

  /** The plotted area, in CSS pixels. */
  get area(): { left: number; top: number; width: number; height: number } {
    const { left, right, top, bottom } = MARGIN;
    const { clientWidth, clientHeight } = this.canvas;
    return { left, top, width: clientWidth - left - right, height: clientHeight - top - bottom };
  }

  /** Pixel → coordinates. */
  at(px: number, py: number): [number, number] {
    const { left, top, width, height } = this.area;
    const { x, y } = this.#view;
    return [x[0] + ((px - left) / width) * (x[1] - x[0]), y[1] - ((py - top) / height) * (y[1] - y[0])];
  }

  /** Coordinates → pixel. */
  place(atX: number, atY: number): [number, number] {
    const { left, top, width, height } = this.area;
    const { x, y } = this.#view;
    return [left + ((atX - x[0]) / (x[1] - x[0])) * width, top + ((y[1] - atY) / (y[1] - y[0])) * height];
  }

  draw(): void {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width!, height!];
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    this.#view = { ...this.#whole(), ...this.zoom };
    this.#drawAxes(context);
    const { left, top, width: w, height: h } = this.area;
    context.save();
    context.beginPath();
    context.rect(left, top, w, h);
    context.clip();
    context.lineWidth = this.series.filter(({ shown }) => shown).length > MANY ? 1 / ratio : 1.8;
    this.series.forEach((one, index) => {
      if (one.shown) this.#drawSeries(context, one, index);
    });
    context.restore();
  }

  /** Where the curves that are shown lie; of bands not what lies far below every curve. */
  #whole(): View {
    const shown = this.series.filter((one) => one.shown);
    const x = rangeOf(
      shown.map(({ progress }) => progress[this.choice.by]!),
      this.x,
    );
    const curves = shown.map(({ results }) => results[this.result]!);
    const middle = rangeOf(
      curves.map((curve) => curve.middle),
      this.y,
    );
    const ends = this.choice.bands
      ? rangeOf(
          curves.flatMap(({ low, high }) => [low, high]),
          this.y,
        )
      : middle;
    const spread = middle[1] - middle[0] || 1;
    const low = Math.max(ends[0], middle[0] - spread / 2);
    const high = Math.min(ends[1], middle[1] + spread / 2);
    const pad = 0.03 * (high - low || 1);
    return {
      x: this.choice.logX ? x : [0, x[1] > 0 ? x[1] : 1],
      y: [low - pad, high + pad],
    };
  }

  #drawAxes(context: CanvasRenderingContext2D): void {
    const { left, top, width, height } = this.area;
    const style = getComputedStyle(this.canvas);
    const [ink, grid] = [style.color, style.getPropertyValue("--grid")];
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    context.fillStyle = ink;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const { at, text } of this.y.ticks(...this.#view.y, 6)) {
      const y = this.place(0, at)[1];
      line(context, grid, [left, y], [left + width, y]);
      context.fillText(text, left - 8, y);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const { at, text } of this.x.ticks(...this.#view.x, Math.max(2, width / 90))) {
      const x = this.place(at, 0)[0];
      line(context, grid, [x, top], [x, top + height]);
      context.fillText(text, x, top + height + 6);
    }
    context.fillText(this.page.progress[this.choice.by]!.label, left + width / 2, top + height + 23);
    line(context, ink, [left, top + height], [left + width, top + height]);
  }

  #drawSeries(context: CanvasRenderingContext2D, { progress, results }: DrawnSeries, index: number): void {
    const { stroke, "stroke-dasharray": dash } = strokeOf(index);
    const { middle, low, high } = results[this.result]!;
    const { top, height } = this.area;
    const x = this.#placed(progress[this.choice.by]!, this.x, 0);
    const y = this.#placed(middle, this.y, 1);
    if (this.choice.bands && low !== middle) {
      const upper = this.#placed(high, this.y, 1);
      const lower = this.#placed(low, this.y, 1);
      context.fillStyle = stroke;
      context.globalAlpha = 0.18;
      fillBand(context, x, y, { upper, lower, top, bottom: top + height });
      context.globalAlpha = 1;
    }
    context.strokeStyle = stroke;
    context.lineJoin = "bevel";
    context.setLineDash(dash?.split(" ").map(Number) ?? []);
    strokeCurve(context, x, y);
    context.setLineDash([]);
  }

  /** Values → pixels along one of the directions. */
  #placed(values: Float32Array, scale: Scale, direction: 0 | 1): Float32Array {
    const first = this.place(0, 0)[direction];
    const step = this.place(1, 1)[direction] - first;
    return new Float32Array(placedBy(scale, values).at.map((at) => first + step * at));
  }
}

function line(
  context: CanvasRenderingContext2D,
  colour: string,
  from: readonly [number, number],
  to: readonly [number, number],
): void {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/** Smallest and largest coordinate; 0 to 1 where there is none. */
function rangeOf(columns: readonly Float32Array[], scale: Scale): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    const placed = placedBy(scale, column);
    low = Math.min(low, placed.low);
    high = Math.max(high, placed.high);
  }
  return low <= high && low > -Infinity ? [low, high] : [0, 1];
}

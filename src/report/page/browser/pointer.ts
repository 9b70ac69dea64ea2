import { strokeOf } from "../../style.js";
import type { Chart, Choice, View } from "./chart.js";
import { nearest, type DrawnSeries } from "./curves.js";

/** Names in the box beside the pointer, at most. */
const MOST_NAMES = 8;
/** A drag that is shorter is a click, in pixels. */
const DRAG = 5;

/** Lets the pointer read a chart, zoom into a rectangle by dragging, and out by a double click. */
export function followPointer(
  chart: Chart,
  series: readonly DrawnSeries[],
  choice: Choice,
  progressLabel: () => string,
  zoomed: (view: View | undefined) => void,
): void {
  const { canvas } = chart;
  const host = canvas.parentElement!;
  const cursor = child(host, "cursor");
  const box = child(host, "box");
  const selection = child(host, "selection");
  let from: readonly [number, number] | undefined;

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = [event.offsetX, event.offsetY];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = [event.offsetX, event.offsetY] as const;
    if (from) show(selection, Math.min(from[0], here[0]), Math.min(from[1], here[1]), Math.abs(here[0] - from[0]), Math.abs(here[1] - from[1])); // prettier-ignore
    read(...here);
  });
  canvas.addEventListener("pointerup", (event) => {
    const start = from;
    from = undefined;
    selection.hidden = true;
    if (!start || Math.abs(event.offsetX - start[0]) < DRAG || Math.abs(event.offsetY - start[1]) < DRAG)
      return;
    const [a, b] = [chart.at(...start), chart.at(event.offsetX, event.offsetY)];
    zoomed({
      x: [Math.min(a[0], b[0]), Math.max(a[0], b[0])],
      y: [Math.min(a[1], b[1]), Math.max(a[1], b[1])],
    });
  });
  canvas.addEventListener("pointerleave", () => {
    cursor.hidden = box.hidden = true;
  });
  canvas.addEventListener("dblclick", () => {
    zoomed(undefined);
  });

  /** Says what the curves are at the pointer, the best visible first. */
  function read(px: number, py: number): void {
    const { left, top, width, height } = chart.area;
    const inside = px >= left && px <= left + width && py >= top && py <= top + height;
    cursor.hidden = box.hidden = !inside;
    if (!inside) return;
    const value = chart.x.from(chart.at(px, py)[0]);
    const rows = series.flatMap(({ name, progress, results, shown }, index) => {
      const along = progress[choice.by]!;
      const at = nearest(along, value);
      const { middle, low, high } = results[chart.result]!;
      if (!shown || at < 0 || Number.isNaN(middle[at]!) || value > along.at(-1)! * 1.02) return [];
      const y = chart.place(0, chart.y.to(middle[at]!))[1];
      const band = low === middle ? "" : ` (${chart.y.text(low[at]!)} – ${chart.y.text(high[at]!)})`;
      return [{ name, index, y, text: `${chart.y.text(middle[at]!)}${band}` }];
    });
    rows.sort((a, b) => Math.abs(a.y - py) - Math.abs(b.y - py));
    const near = rows.slice(0, MOST_NAMES).sort((a, b) => a.y - b.y);
    box.replaceChildren(
      textElement("b", `${progressLabel()}: ${chart.x.text(value)}`),
      ...near.map(({ name, index, text }) => {
        const row = textElement("span", `${name}: ${text}`);
        row.style.setProperty("--colour", strokeOf(index).stroke);
        return row;
      }),
      ...(rows.length > near.length ? [textElement("i", `and ${rows.length - near.length} more`)] : []),
    );
    show(cursor, px, top, 0, height);
    box.style.top = `${top + 4}px`;
    const isLeft = px < left + width / 2;
    box.style.left = isLeft ? `${px + 12}px` : "";
    box.style.right = isLeft ? "" : `${canvas.clientWidth - px + 12}px`;
  }
}

function child(host: HTMLElement, name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = true;
  host.append(element);
  return element;
}

function textElement(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function show(element: HTMLElement, left: number, top: number, width: number, height: number): void {
  element.hidden = false;
  Object.assign(element.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
}

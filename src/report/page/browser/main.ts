import { strokeOf } from "../../style.js";
import { DATA_ID, type PageData } from "../data.js";
import { Chart, type Choice, type View } from "./chart.js";
import { seriesIn } from "./curves.js";
import { followPointer } from "./pointer.js";

const page = JSON.parse(document.getElementById(DATA_ID)!.textContent) as PageData;
const series = seriesIn(page);
const choice: Choice = { by: 0, logX: false, logY: true, bands: true };
let drawing = false;
const element = (id: string): HTMLElement => document.getElementById(id)!;

/** The training loss, and beside it what was measured on samples held back. */
const charts = page.results.slice(0, 2).map((_, index) => makeChart(index));

const byAxis = selectOf(
  page.progress.map(({ label }) => label),
  0,
  "Horizontal axis",
);
byAxis.addEventListener("change", () => {
  choice.by = byAxis.selectedIndex;
  zoomTo(undefined);
});
element("controls").append(
  byAxis,
  box("Logarithmic across", choice.logX, (on) => {
    choice.logX = on;
    zoomTo(undefined);
  }),
  box("Logarithmic upwards", choice.logY, (on) => {
    choice.logY = on;
    zoomTo(undefined);
  }),
  ...(series.some(({ results }) => results[0]?.low !== results[0]?.middle)
    ? [
        box("Bands", choice.bands, (on) => {
          choice.bands = on;
          draw();
        }),
      ]
    : []),
  button("Whole picture", () => {
    zoomTo(undefined);
  }),
);
makeLegend();
new ResizeObserver(draw).observe(element("charts"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();

/** Once for each picture of the screen, however much changes in between. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    for (const chart of charts) chart.draw();
  });
}

/** All charts share what is across. */
function zoomTo(view: View | undefined, of?: Chart): void {
  for (const chart of charts) chart.zoom = chart === of ? { ...view } : view ? { x: view.x } : {};
  draw();
}

function makeChart(result: number): Chart {
  const figure = document.createElement("figure");
  const select = selectOf(
    page.results.map(({ label }) => label),
    result,
    "What is drawn",
  );
  const plot = document.createElement("div");
  plot.className = "plot";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  plot.append(canvas);
  figure.append(select, plot);
  element("charts").append(figure);
  const chart = new Chart(canvas, page, series, choice, result);
  const describe = (): void => {
    canvas.setAttribute(
      "aria-label",
      `${page.results[chart.result]!.label} of ${series.map(({ name }) => name).join(", ")}`,
    );
  };
  describe();
  select.addEventListener("change", () => {
    chart.result = select.selectedIndex;
    chart.zoom = {};
    describe();
    draw();
  });
  followPointer(
    chart,
    series,
    choice,
    () => page.progress[choice.by]!.label,
    (view) => {
      zoomTo(view, chart);
    },
  );
  return chart;
}

/** A click shows or hides a curve, a double click shows it alone, or all again. */
function makeLegend(): void {
  const buttons = series.map((one, index) => {
    const made = button(one.name, () => {
      one.shown = !one.shown;
      update();
    });
    const { stroke, "stroke-dasharray": dash } = strokeOf(index);
    made.style.setProperty("--colour", stroke);
    if (dash !== undefined) made.classList.add("dashed");
    made.addEventListener("dblclick", () => {
      const alone = series.every((other) => other === one || !other.shown);
      for (const other of series) other.shown = alone || other === one;
      update();
    });
    return made;
  });
  const update = (): void => {
    buttons.forEach((made, index) => {
      made.setAttribute("aria-pressed", String(series[index]!.shown));
    });
    draw();
  };
  update();
  element("legend").append(...buttons);
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function box(text: string, on: boolean, act: (on: boolean) => void): HTMLLabelElement {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "checkbox";
  input.checked = on;
  input.addEventListener("change", () => {
    act(input.checked);
  });
  label.append(input, text);
  return label;
}

function selectOf(names: readonly string[], chosen: number, label: string): HTMLSelectElement {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  select.append(...names.map((name) => new Option(name)));
  select.selectedIndex = chosen;
  return select;
}

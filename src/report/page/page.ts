import { readFileSync } from "node:fs";
import { ownProgram } from "../../package.js";
import { noteOn } from "../curves.js";
import type { Series } from "../series.js";
import type { Band } from "../spread.js";
import { element, escape } from "../svg.js";
import type { Tables } from "../tables.js";
import { DATA_ID } from "./data.js";
import { embedded } from "./embed.js";
import { PAGE_STYLE } from "./style.js";

/** Nothing is loaded, and nobody told: all that a page may use is in it. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/**
 * A page of HTML that holds all it shows: curves to choose from, to zoom into and to read by the pointer, and the tables
 * of the report. It needs no network and no other file.
 * @param timelines of single steps, as SVG
 */
export function reportPage(
  series: readonly Series[],
  { tables, note }: Tables,
  title: string,
  band: Band,
  timelines: readonly string[],
): string {
  const data = embedded(series);
  const thinned = data.series.some(({ points }, index) => points < series[index]!.length);
  const notes = [noteOn(series, band), note, thinned ? "Curves are drawn through some of their points." : ""];
  const script = readFileSync(ownProgram("./script.js", import.meta.url), "utf8");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element("title", {}, escape(title)),
    `<style>${PAGE_STYLE}</style>`,
    "</head>",
    "<body>",
    element("h1", {}, escape(title)),
    '<div id="controls"></div>',
    '<div id="legend"></div>',
    '<div id="charts"></div>',
    "<p>Drag to zoom, double click for the whole picture; click a name to hide or show its curve, double click it to see it alone.</p>",
    ...notes.flatMap((text) => (text ? [element("p", {}, escape(text))] : [])),
    ...timelines.map((svg) => element("figure", { class: "timeline" }, svg)),
    ...tables.map(htmlTable),
    `<script type="application/json" id="${DATA_ID}">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
    `<script type="module">${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function htmlTable([head, ...rows]: readonly (readonly string[])[]): string {
  const row = (tag: string, cells: readonly string[]): string =>
    element("tr", {}, ...cells.map((cell) => element(tag, {}, escape(cell))));
  return element(
    "div",
    { class: "table" },
    element(
      "table",
      {},
      element("thead", {}, row("th", head!)),
      element("tbody", {}, ...rows.map((cells) => row("td", cells))),
    ),
  );
}

import { markdownTable, type MeasuredRun } from "./comparison.js";
import { curvesOf } from "./curves.js";
import { reportPage } from "./page/page.js";
import { resultsIn, toSeries } from "./series.js";
import type { Band } from "./spread.js";
import { tablesOf, type Tables } from "./tables.js";
import { printableLine } from "../terminal.js";

/** A report of runs, in the forms in which it is written; those of one name are one curve. */
export interface Report {
  /** SVG */
  readonly picture: string;
  readonly tables: Tables;
  /** HTML, with `timelines` as they are (src/report/timeline.ts); made when it is asked for. */
  page(timelines?: readonly string[]): string;
}

export function reportOf(runs: readonly MeasuredRun[], title: string, band: Band): Report {
  const series = toSeries(runs, band, resultsIn(runs));
  const tables = tablesOf(runs, band);
  return {
    picture: curvesOf(series, title, band),
    tables,
    page: (timelines = []) => reportPage(series, tables, title, band, timelines),
  };
}

/** The report as a text in Markdown, with the picture by the name of its file. */
export function reportMarkdown({ tables: { tables, note } }: Report, title: string, picture: string): string {
  return [
    `# ${inMarkdown(title)}`,
    `![curves](${picture})`,
    ...tables.map((rows) => markdownTable(rows.map((row) => row.map(inMarkdown)))),
    ...(note === undefined ? [] : [note]),
  ]
    .join("\n\n")
    .concat("\n");
}

function inMarkdown(text: string): string {
  return printableLine(text).replace(/[\\|<`*_[\]]/g, "\\$&");
}

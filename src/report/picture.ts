import { FONT_SIZE, INK } from "./style.js";
import { element, escape } from "./svg.js";

const TITLE_SIZE = 16;

/** What the title takes from the top. */
export const TITLE_HEIGHT = 34;

/** A static SVG that reads well on white and on dark pages, with its title above it and a description for who cannot see it. */
export function picture(
  {
    width,
    height,
    left,
    title,
    description,
  }: Readonly<Record<"width" | "height" | "left", number> & Record<"title" | "description", string>>,
  ...children: readonly string[]
): string {
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${Math.ceil(height)}`,
      width,
      height: Math.ceil(height),
      role: "img",
      "aria-label": description,
      "font-family": "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
      "font-size": FONT_SIZE,
      fill: INK,
    },
    element("title", {}, escape(description)),
    element("text", { x: left, y: 20, "font-size": TITLE_SIZE, "font-weight": 600 }, escape(title)),
    ...children,
  );
  return `${svg}\n`;
}

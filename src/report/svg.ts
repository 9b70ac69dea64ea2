import { printableLine } from "../terminal.js";

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `<name attributes>children</name>`; attributes that are undefined are left out, all values escaped. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const text = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escape(String(short(value)))}"`]))
    .join("");
  return children.length === 0 ? `<${name}${text}/>` : `<${name}${text}>${children.join("")}</${name}>`;
}

/** Text as it may stand between tags or in an attribute. */
export function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return printableLine(text).replace(/[&<>"]/g, (character) => entities[character]!);
}

/** About the width of `text` in a proportional sans-serif font, which cannot be asked here: a little too large. */
export function textWidth(text: string, fontSize: number): number {
  return 0.58 * fontSize * text.length;
}

/** A hundredth of a pixel is enough. */
function short(value: string | number): string | number {
  return typeof value === "number" ? Math.round(100 * value) / 100 : value;
}

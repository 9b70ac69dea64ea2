import { UsageError } from "../errors.js";
import { picture } from "./picture.js";

/** Pixels for each of the picture's: sharp on today's screens and in print. */
const ZOOM = 2;

/**
 * A picture as PNG, on white.
 * @throws UsageError where the library that draws it, or any font, is missing
 */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const draw = await drawer();
  const blank = { width: 40, height: 20, left: 0, description: "" };
  const [written, empty] = [picture({ ...blank, title: "A" }), picture({ ...blank, title: "" })];
  if (draw(written).equals(draw(empty)))
    throw new UsageError(
      "Expected fonts on this machine for a picture as PNG, found none. Install some (Debian: fonts-dejavu-core), or give the picture a name that ends in .svg.",
    );
  return draw(svg);
}

async function drawer(): Promise<(svg: string) => Buffer> {
  try {
    const { Resvg } = await import("@resvg/resvg-js");
    // Of the families that a picture names a machine may have none.
    const font = { defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" };
    const options = { fitTo: { mode: "zoom", value: ZOOM }, background: "white", font } as const;
    return (svg) => new Resvg(svg, options).render().asPng();
  } catch (error) {
    throw new UsageError(
      "Expected the optional package @resvg/resvg-js for a picture as PNG, but it cannot be loaded. " +
        "Install it (npm install @resvg/resvg-js), or give the picture a name that ends in .svg.",
      { cause: error },
    );
  }
}

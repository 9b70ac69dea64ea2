/** What a page holds: everything that is drawn, in the page itself. */
export interface PageData {
  /** How far runs have come: horizontal axes to choose from. */
  readonly progress: readonly { readonly label: string }[];
  /** What they have come to: vertical axes to choose from. */
  readonly results: readonly { readonly label: string; readonly kind: "loss" | "share" }[];
  readonly series: readonly PageSeries[];
}

export interface PageSeries {
  readonly name: string;
  readonly points: number;
  /** Whether several runs have a band around their middle. */
  readonly banded: boolean;
  /**
   * Base64 of float32, little endian, columns of `points` each: one for each progress; then for each result the middle,
   * and where `banded` the lower and the upper end.
   */
  readonly columns: string;
}

/** The id of the element that holds it as JSON. */
export const DATA_ID = "data";

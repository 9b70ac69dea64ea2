/** Rows picked by numbers: samples of a batch, words of an embedding. */
export interface TableKernels {
  /**
   * out (count, size) ← (byte − centre) · scale for the bytes of each of the numbered `samples` (int32). `pattern` (2, period)
   * has the centres and the scales of a sample's numbers, sixteen or a multiple of that, after which they begin anew.
   */
  gatherBytes(
    source: number,
    samples: number,
    count: number,
    size: number,
    pattern: number,
    period: number,
    out: number,
  ): void;
  /** The same for floats. */
  gatherScaled(
    source: number,
    samples: number,
    count: number,
    size: number,
    pattern: number,
    period: number,
    out: number,
  ): void;
  /** out (count, size) ← the floats of each of the numbered `samples`. */
  gatherFloats(source: number, samples: number, count: number, size: number, out: number): void;
  /**
   * out (n, width) ← the rows of `table` (vocabulary, width) that n codes name, each cut to a whole number. Returns the
   * place of the first code that names none, and then stops there; −1 if all do.
   */
  gather(codes: number, n: number, table: number, vocabulary: number, width: number, out: number): number;
  /** The rows of `table` that the codes, which name some, name ← themselves + those of dy (n, width). */
  scatterAdd(codes: number, n: number, dy: number, width: number, table: number): void;
}

/** What decides how mini-batches are cut in micro-batches: never the number of replicas, so that sums keep their tree. */
interface Batches {
  /** Samples of the largest mini-batch. */
  readonly rows: number;
  readonly stages: number;
  /** Micro-batches of a mini-batch, as the user wants them. */
  readonly asked: number | undefined;
  /** Samples that batch normalisation takes its statistics over, at most; undefined without any. */
  readonly groupRows: number | undefined;
  /** Whether so many micro-batches of so many samples are within what a rank may take. */
  readonly fits: (count: number, rows: number) => boolean;
}

/** Micro-batches a stage: so many keep the stages at work about two thirds of the time (Huang et al., NeurIPS 2019). */
const OF_STAGE = 2;

/**
 * Samples of a micro-batch, at most: as asked, else two micro-batches for each stage, or more where memory needs that for results, or
 * fewer where it needs that for partial sums of gradients. What batch normalisation sees at once stays as it is, where nothing is
 * asked.
 */
export function microBatchRows(batches: Batches): number {
  const { rows, stages, asked, groupRows, fits } = batches;
  if (asked === undefined && groupRows !== undefined) return Math.min(rows, groupRows);
  const rowsOf = (count: number) => Math.min(Math.ceil(rows / count), groupRows ?? Infinity);
  if (asked !== undefined) return rowsOf(Math.min(rows, asked));
  const usual = Math.min(rows, OF_STAGE * stages);
  const counts = [usual];
  for (let fewer = 2 ** Math.ceil(Math.log2(usual) - 1); fewer >= 2; fewer /= 2) counts.push(fewer);
  for (let more = 2 * usual; more < 2 * rows; more *= 2) counts.push(Math.min(rows, more));
  return rowsOf(counts.find((count) => fits(count, rowsOf(count))) ?? usual);
}

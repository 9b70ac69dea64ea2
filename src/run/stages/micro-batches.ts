/** What decides how mini-batches are cut in micro-batches: never the number of replicas, so that sums keep their tree. */
interface Batches {
  /** Samples of the largest mini-batch. */
  readonly rows: number;
  readonly stages: number;
  /** Micro-batches of a mini-batch, as the user wants them. */
  readonly asked: number | undefined;
  /** Samples that batch normalisation takes its statistics over, at most; undefined without any. */
  readonly groupRows: number | undefined;
  /** Of a sample, on the stage that holds the most; bytes. */
  readonly activationBytes: number;
  /** What they may take on a rank. */
  readonly memory: number;
}

/** Micro-batches a stage: so many keep the stages at work about two thirds of the time (Huang et al., NeurIPS 2019). */
const OF_STAGE = 2;

/**
 * Samples of a micro-batch, at most: as asked, else two micro-batches for each stage, or more where memory needs that. What
 * batch normalisation sees at once stays as it is, where nothing is asked.
 */
export function microBatchRows({ rows, stages, asked, groupRows, activationBytes, memory }: Batches): number {
  if (asked === undefined && groupRows !== undefined) return Math.min(rows, groupRows);
  const fitting = Math.ceil((rows * activationBytes) / memory);
  const count = Math.min(rows, asked ?? Math.max(OF_STAGE * stages, fitting));
  return Math.min(Math.ceil(rows / count), groupRows ?? Infinity);
}

import { basename } from "node:path";
import { UsageError } from "../../errors.js";
import { Random } from "../../random.js";
import { sizeOf, type ArrayField, type Dataset, type DataSplit, type Target } from "../dataset.js";
import { makeSplit } from "../in-memory.js";
import { imageShape, type FileOptions } from "./options.js";
import { readTable, type Table } from "./table.js";
import { targetsFrom } from "./targets.js";

export const TABLE = /\.(csv|tsv)(\.gz)?$/i;

/** Data of one table, or of one to train on and one to test with. */
export async function loadTables(
  path: string,
  testPath: string | undefined,
  options: FileOptions,
): Promise<DataSplit> {
  const train = await readTable(path, options.label);
  const test = testPath === undefined ? undefined : await readTable(testPath, options.label);
  if (test) expectSameColumns(train, test);
  const tables = test ? [train, test] : [train];
  const targets = targetsFrom(
    tables.map((table) => ({ values: table.labels, shape: [], name: nameOfLabel(table) })),
    options.task,
  );
  const datasets = tables.map((table, i) => datasetOf(table, targets[i]!, options));
  // Files are often sorted by class: a share that is held back would be of one alone.
  return makeSplit(basename(path), test ? datasets[0]! : shuffled(datasets[0]!), datasets[1]);
}

function datasetOf({ path, features, rows }: Table, target: Target, { imageSize }: FileOptions): Dataset {
  const shape = imageShape([features.length / rows], imageSize, path);
  return { count: rows, inputs: [{ values: features, shape }], targets: [target] };
}

function nameOfLabel({ path, header, labelColumn }: Table): string {
  return `column ${labelColumn + 1}${header ? ` (${header[labelColumn]!})` : ""} of ${path}`;
}

function expectSameColumns(train: Table, test: Table): void {
  const columns = (table: Table) => table.features.length / table.rows + 1;
  if (train.header && test.header) {
    const missing = train.header.find((name) => !test.header!.includes(name));
    if (missing !== undefined) {
      throw new UsageError(
        `Expected the columns of ${train.path} in ${test.path}, got no column "${missing}".`,
      );
    }
    if (train.header.some((name, i) => test.header![i] !== name)) {
      throw new UsageError(
        `Expected the columns of ${test.path} as in ${train.path} (${train.header.join(", ")}), got ${test.header.join(", ")}.`,
      );
    }
  }
  if (columns(train) === columns(test)) return;
  throw new UsageError(
    `Expected ${columns(train)} columns in ${test.path}, as in ${train.path}, got ${columns(test)}.`,
  );
}

/** The samples in another order, always the same. */
export function shuffled(dataset: Dataset): Dataset {
  const order = new Random(0)
    .fork("rows of a file")
    .shuffle(Int32Array.from({ length: dataset.count }, (_, i) => i));
  return {
    ...dataset,
    inputs: dataset.inputs.map((field) => reordered(field as ArrayField, order)),
    targets: dataset.targets.map((target) => ({ ...target, ...reordered(target as ArrayField, order) })),
  };
}

function reordered({ values, shape }: ArrayField, order: Int32Array): ArrayField {
  const size = sizeOf(shape);
  const out = values.slice();
  order.forEach((from, to) => {
    out.set(values.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: out, shape };
}

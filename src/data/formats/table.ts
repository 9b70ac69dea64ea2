import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import Papa from "papaparse";
import { UsageError } from "../../errors.js";
import { pathError } from "../../paths.js";
import type { Values } from "../dataset.js";
import { TableColumns } from "./table-columns.js";

/** A file of rows of cells: numbers, and one column to predict. */
export interface Table {
  readonly path: string;
  readonly rows: number;
  /** (rows, columns) without the label's; bytes where all are. */
  readonly features: Values;
  readonly labels: readonly string[] | Float64Array;
  /** Names of the columns, where the file begins with them; of the label too. */
  readonly header: readonly string[] | undefined;
  /** Of the label, from 0 on. */
  readonly labelColumn: number;
}

/**
 * Reads a table: CSV (of commas, semicolons, bars or tabs, as its first rows have them) or TSV, plain or gzip. Its first
 * row names the columns where any cell but the label's is no number. Empty lines are passed over.
 * @param label the column to predict, by name or by number from 1 on; the last where not given
 * @throws UsageError that names row (counted from 1, with the header) and column of what cannot be
 */
export async function readTable(path: string, label: string | undefined): Promise<Table> {
  const columns = new TableColumns(path, label);
  const isGzip = await beginsWithGzip(path);
  await new Promise<void>((resolve, reject) => {
    const file = createReadStream(path);
    const bytes = isGzip ? file.pipe(createGunzip()) : file;
    const fail = (error: unknown): void => {
      file.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    file.on("error", (error: Error) => {
      fail(pathError(`to read ${path}`, error));
    });
    bytes.on("error", (error: Error) => {
      fail(new UsageError(`Expected ${path} to be a complete gzip file, but: ${error.message}.`));
    });
    bytes.setEncoding("utf8");
    Papa.parse<string[]>(bytes, {
      delimiter: /\.tsv(\.gz)?$/i.test(path) ? "\t" : "",
      delimitersToGuess: [",", ";", "\t", "|"],
      step: ({ data, errors }, parser) => {
        try {
          const [error] = errors.filter(({ type }) => type === "Quotes");
          if (error) throw columns.malformed(error.message);
          columns.add(data);
        } catch (error) {
          fail(error); // before the end that aborting is to it
          parser.abort();
        }
      },
      complete: () => {
        resolve();
      },
      error: fail,
    });
  });
  return columns.finish();
}

async function beginsWithGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw pathError(`a table at ${path}`, error);
  }
}

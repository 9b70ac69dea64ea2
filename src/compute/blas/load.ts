import type * as Koffi from "koffi";
import { libraries, type Blas } from "./libraries.js";
import { spreadThreads } from "./placement.js";
import { shieldFromSignals } from "./shield.js";

/** Which BLAS to use: the best that loads, none, or the library with this path or name. */
export type BlasChoice = "auto" | "none" | (string & {});

export interface RejectedLibrary {
  readonly library: string;
  readonly reason: string;
}

export interface LoadedBlas extends Blas {
  /** The file it was loaded from. */
  readonly file: string;
  /** Where an array lies in memory. */
  readonly addressOf: (bytes: Uint8Array) => number;
}

/**
 * Loads a matrix product of the system through koffi: an optional dependency, as the library itself is. Never throws:
 * what does not load, or computes wrongly, is left out with its reason.
 */
export async function loadBlas(
  choice: BlasChoice,
  threads: number,
): Promise<{ blas: LoadedBlas | undefined; rejected: RejectedLibrary[] }> {
  const rejected: RejectedLibrary[] = [];
  if (choice === "none") return { blas: undefined, rejected };
  let koffi: typeof Koffi;
  try {
    koffi = await import("koffi");
  } catch (error) {
    return { blas: undefined, rejected: [{ library: "koffi", reason: firstLine(error) }] };
  }
  // Read when a library is loaded. A core type inherited from elsewhere may name an old one.
  process.env["OMP_NUM_THREADS"] = String(threads);
  spreadThreads(threads);
  delete process.env["OPENBLAS_CORETYPE"];
  const files = choice === "auto" ? libraries.flatMap((library) => library.files) : [choice];
  try {
    shieldFromSignals(koffi);
  } catch (error) {
    return { blas: undefined, rejected: [{ library: "signal mask", reason: firstLine(error) }] };
  }
  for (const file of files) {
    try {
      const handle = koffi.load(file);
      const library = libraries.find(({ mark }) => exports(handle, mark));
      if (library === undefined) {
        throw new Error(`exports none of ${libraries.map(({ mark }) => mark).join(", ")}.`);
      }
      const addressOf = (bytes: Uint8Array) => Number(koffi.address(bytes));
      const blas = { ...library.bind(handle, koffi, threads), file, addressOf };
      checkProduct(blas);
      keepLoaded(koffi, file);
      return { blas, rejected };
    } catch (error) {
      rejected.push({ library: file, reason: firstLine(error) });
    }
  }
  return { blas: undefined, rejected };
}

/**
 * Keeps a library where it is until the process is gone. koffi unloads its libraries when Node ends, under the feet of
 * the threads that OpenMP has in them: a segmentation fault at the end of a run that did everything right.
 */
function keepLoaded(koffi: typeof Koffi, file: string): void {
  if (process.platform !== "linux") return;
  const RTLD_NOW = 0x2;
  const RTLD_NODELETE = 0x1000;
  const dlopen = koffi.load(null).func("void *dlopen(const char *file, int mode)");
  dlopen(file, RTLD_NOW | RTLD_NODELETE);
}

function exports(handle: Koffi.LibraryHandle, symbol: string): boolean {
  try {
    handle.symbol(symbol);
    return true;
  } catch {
    return false;
  }
}

/**
 * A product of whole numbers: finds a wrong size of integers or calling convention. Of this size, so that libraries that
 * make their code at the first use of it do so now (oneDNN: 20 ms) and not within the first step.
 */
function checkProduct({ sgemm, addressOf }: LoadedBlas): void {
  const n = 16;
  const [a, b, c] = [new Float32Array(n * n), new Float32Array(n * n), new Float32Array(n * n).fill(1)];
  for (let i = 0; i < n * n; i++) [a[i], b[i]] = [i % 7, (i % 5) - 2];
  const [atA, atB, atC] = [a, b, c].map((matrix) => addressOf(new Uint8Array(matrix.buffer)));
  sgemm(false, true, n, n, n, atA!, n, atB!, n, true, atC!, n);
  const isRight = c.every((found, at) => {
    const [row, column] = [Math.floor(at / n) * n, (at % n) * n];
    return found === a.subarray(row, row + n).reduce((sum, ak, k) => sum + ak * b[column + k]!, 1);
  });
  if (!isRight) throw new Error(`computes a small product wrongly: ${[...c.subarray(0, 4)].join()}, ….`);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

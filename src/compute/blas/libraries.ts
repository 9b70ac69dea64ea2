import type * as Koffi from "koffi";
import { bindOneDnn } from "./onednn.js";

/**
 * C ← op(A)·op(B), + C where `accumulate`: row-major float32, op(A) is (m, k), op(B) is (k, n); absolute addresses,
 * as numbers.
 */
export type Sgemm = (
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  accumulate: boolean,
  c: number,
  ldc: number,
) => void;

/**
 * C ← A·B of one size for matrices whose rows follow each other without a gap, (m, k)·(k, n); absolute addresses.
 * Undefined where that would be no faster than `sgemm`.
 */
export type DenseProduct = (
  m: number,
  n: number,
  k: number,
) => ((a: number, b: number, c: number) => void) | undefined;

/** A matrix product of the system, ready to use. */
export interface Blas {
  /** Name, version and the kind of core it computes for: together with the threads they decide the bits. */
  readonly name: string;
  readonly sgemm: Sgemm;
  /** A faster way for few columns, where the library has one. */
  readonly dense?: DenseProduct | undefined;
}

/** How one library is recognised and used. */
interface Library {
  readonly name: string;
  /** File names to look for, in order; the system's loader knows the folders. */
  readonly files: readonly string[];
  /** A function that only this library exports. */
  readonly mark: string;
  bind(library: Koffi.LibraryHandle, koffi: typeof Koffi, threads: number): Blas;
}

/** Fastest first, by bench/compute/blas.mjs. */
export const libraries: readonly Library[] = [
  {
    name: "oneDNN",
    files: ["libdnnl.so.3", "libdnnl.so.2"],
    mark: "dnnl_sgemm",
    bind: bindOneDnn,
  },
  {
    name: "MKL",
    files: ["libmkl_rt.so.2", "libmkl_rt.so"],
    mark: "MKL_Set_Num_Threads",
    bind(library, _koffi, threads) {
      library.func("void MKL_Set_Num_Threads(int)")(threads);
      const text = Buffer.alloc(200);
      library.func("void MKL_Get_Version_String(void *, int)")(text, text.length);
      return { name: text.toString("latin1").replace(/[\s\0]+$/, ""), sgemm: cblas(library) };
    },
  },
  {
    name: "OpenBLAS",
    files: ["libopenblas.so.0", "libopenblas.so"],
    mark: "openblas_set_num_threads",
    bind(library, _koffi, threads) {
      library.func("void openblas_set_num_threads(int)")(threads);
      const text = (name: string) => library.func(`const char *${name}()`)() as string;
      const version = text("openblas_get_config").split(" ").slice(0, 2).join(" ");
      return { name: `${version} (${text("openblas_get_corename")})`, sgemm: cblas(library) };
    },
  },
  {
    name: "BLIS",
    files: ["libblis.so.4", "libblis.so.3", "libblis.so"],
    mark: "bli_thread_set_num_threads",
    bind(library, _koffi, threads) {
      library.func("void bli_thread_set_num_threads(int64_t)")(threads);
      const version = library.func("const char *bli_info_get_version_str()")() as string;
      const core = library.func("const char *bli_arch_string(int)")(
        library.func("int bli_arch_query_id()")(),
      ) as string;
      return { name: `BLIS ${version} (${core})`, sgemm: cblas(library) };
    },
  },
];

/** The C interface that OpenBLAS, MKL and BLIS share, for 32-bit sizes. */
function cblas(library: Koffi.LibraryHandle): Sgemm {
  const sgemm = library.func(
    "void cblas_sgemm(int, int, int, int, int, int, float, size_t, int, size_t, int, float, size_t, int)",
  ) as (...args: number[]) => void;
  const [ROW_MAJOR, AS_IS, TRANSPOSED] = [101, 111, 112];
  return (transposeA, transposeB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
    const [opA, opB] = [transposeA ? TRANSPOSED : AS_IS, transposeB ? TRANSPOSED : AS_IS];
    sgemm(ROW_MAJOR, opA, opB, m, n, k, 1, a, lda, b, ldb, accumulate ? 1 : 0, c, ldc);
  };
}

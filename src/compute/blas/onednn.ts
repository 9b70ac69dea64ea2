import type * as Koffi from "koffi";
import type { Blas } from "./libraries.js";
import { matmulPrimitive } from "./onednn-matmul.js";
import { shieldFromProfiler } from "./shield.js";

/** oneDNN's products, with this many threads. */
export function bindOneDnn(library: Koffi.LibraryHandle, koffi: typeof Koffi, threads: number): Blas {
  const whole = shieldFromProfiler(koffi);
  const sgemm = whole(
    library.func(
      "int dnnl_sgemm(char, char, int64_t, int64_t, int64_t, float, size_t, int64_t, size_t, int64_t, float, size_t, int64_t)",
    ) as (...args: number[]) => number,
  );
  const versionType = koffi.struct({ major: "int", minor: "int", patch: "int" });
  const version = koffi.decode(library.func("void *dnnl_version()")(), versionType) as Record<
    "major" | "minor" | "patch",
    number
  >;
  const isa = library.func("int dnnl_get_effective_cpu_isa()")() as number;
  setOpenMpThreads(koffi, threads);
  const [N, T] = ["N", "T"].map((letter) => letter.charCodeAt(0)) as [number, number];
  return {
    name: `oneDNN ${version.major}.${version.minor}.${version.patch} (instruction set ${isa.toString(16)})`,
    sgemm(transposeA, transposeB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) {
      const [opA, opB] = [transposeA ? T : N, transposeB ? T : N];
      const status = sgemm(opA, opB, m, n, k, 1, a, lda, b, ldb, accumulate ? 1 : 0, c, ldc);
      if (status !== 0)
        throw new Error(`dnnl_sgemm refuses (${m}, ${k})·(${k}, ${n}) with status ${status}.`);
    },
    // Version 3 has other functions for it.
    dense: version.major === 2 ? matmulPrimitive(library, whole) : undefined,
  };
}

/** oneDNN has no call of its own for this: it uses OpenMP's number of threads, GCC's or LLVM's and Intel's. */
function setOpenMpThreads(koffi: typeof Koffi, threads: number): void {
  for (const file of ["libgomp.so.1", "libomp.so.5", "libiomp5.so"]) {
    try {
      koffi.load(file).func("void omp_set_num_threads(int)")(threads);
    } catch {
      // Not the one that is installed.
    }
  }
}

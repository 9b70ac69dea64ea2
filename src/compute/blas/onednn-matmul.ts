import type * as Koffi from "koffi";
import type { DenseProduct } from "./libraries.js";
import type { shieldFromProfiler } from "./shield.js";

/** Of dnnl_types.h, version 2. */
const [CPU, IN_ORDER, F32, IMPLEMENTATION] = [1, 1, 3, 8];
const [SOURCE, WEIGHTS, DESTINATION] = [1n, 33n, 17n];
const MOST_DIMENSIONS = 12;
/** More than the structures take: a description of memory 696 bytes, of a product 2800. */
const [MEMORY_BYTES, PRODUCT_BYTES] = [2048, 8192];
/** Sizes that are kept ready. */
const MOST_SIZES = 64;

type Handle = bigint;

/** A product of one size, ready to run. */
interface Compiled {
  readonly run: (a: number, b: number, c: number) => void;
  readonly dispose: () => void;
}

/**
 * oneDNN's matmul primitive (version 2), for matrices whose rows follow each other without a gap: it reads A where it
 * lies, while `dnnl_sgemm` packs it first, which takes longer than the product itself where C has few columns.
 * @param whole makes a function that no profiler interrupts
 */
export function matmulPrimitive(
  library: Koffi.LibraryHandle,
  whole: ReturnType<typeof shieldFromProfiler>,
): DenseProduct {
  const call = (signature: string) => {
    const run = library.func(signature) as (...args: unknown[]) => number;
    return (...args: unknown[]): void => {
      const status = run(...args);
      if (status !== 0) throw new Error(`${signature} returns ${status}.`);
    };
  };
  const describeMemory = call("int dnnl_memory_desc_init_by_strides(void *, int, void *, int, void *)");
  const describeProduct = call("int dnnl_matmul_desc_init(void *, void *, void *, void *, void *)");
  const createDescription = call("int dnnl_primitive_desc_create(void *, void *, size_t, size_t, size_t)");
  const destroyDescription = call("int dnnl_primitive_desc_destroy(size_t)");
  const query = call("int dnnl_primitive_desc_query(size_t, int, int, _Out_ const char **)");
  const createPrimitive = call("int dnnl_primitive_create(void *, size_t)");
  const destroyPrimitive = call("int dnnl_primitive_destroy(size_t)");
  const createMemory = call("int dnnl_memory_create(void *, void *, size_t, size_t)");
  const destroyMemory = call("int dnnl_memory_destroy(size_t)");
  const setAddress = call("int dnnl_memory_set_data_handle(size_t, size_t)");
  const execute = call("int dnnl_primitive_execute(size_t, size_t, int, void *)");
  const wait = call("int dnnl_stream_wait(size_t)");

  /** What a function leaves behind its first argument. */
  const created = (create: (...args: unknown[]) => void, ...args: unknown[]): Handle => {
    const handle = new BigUint64Array(1);
    create(handle, ...args);
    return handle[0]!;
  };
  const engine = created(call("int dnnl_engine_create(void *, int, size_t)"), CPU, 0);
  const stream = created(call("int dnnl_stream_create(void *, size_t, int)"), engine, IN_ORDER);

  const matrix = (rows: number, columns: number): Uint8Array => {
    const [sizes, strides] = [new BigInt64Array(MOST_DIMENSIONS), new BigInt64Array(MOST_DIMENSIONS)];
    sizes.set([BigInt(rows), BigInt(columns)]);
    strides.set([BigInt(columns), 1n]);
    const description = new Uint8Array(MEMORY_BYTES);
    describeMemory(description, 2, sizes, F32, strides);
    return description;
  };

  /** Undefined where oneDNN would take the same way as `dnnl_sgemm`. */
  const compile = whole((m: number, n: number, k: number): Compiled | undefined => {
    const [a, b, c] = [matrix(m, k), matrix(k, n), matrix(m, n)];
    const product = new Uint8Array(PRODUCT_BYTES);
    describeProduct(product, a, b, null, c);
    const description = created(createDescription, product, 0, engine, 0);
    const implementation: [string] = [""];
    query(description, IMPLEMENTATION, 0, implementation);
    const primitive = implementation[0].startsWith("brg") ? created(createPrimitive, description) : undefined;
    destroyDescription(description);
    if (primitive === undefined) return undefined;
    const memory = (of: Uint8Array) => created(createMemory, of, engine, 0);
    const [atA, atB, atC] = [memory(a), memory(b), memory(c)] as const;
    const operands = BigUint64Array.of(SOURCE, atA, WEIGHTS, atB, DESTINATION, atC);
    return {
      run: whole((a: number, b: number, c: number) => {
        setAddress(atA, a);
        setAddress(atB, b);
        setAddress(atC, c);
        execute(primitive, stream, 3, operands);
        wait(stream);
      }),
      dispose() {
        destroyPrimitive(primitive);
        for (const handle of [atA, atB, atC]) destroyMemory(handle);
      },
    };
  });

  const ready = new Map<string, Compiled | undefined>();
  return (m, n, k) => {
    const size = `${m} ${n} ${k}`;
    if (!ready.has(size)) {
      if (ready.size === MOST_SIZES) {
        for (const compiled of ready.values()) compiled?.dispose();
        ready.clear();
      }
      ready.set(size, compile(m, n, k));
    }
    return ready.get(size)?.run;
  };
}

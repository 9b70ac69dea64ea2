import { UsageError } from "../errors.js";
import { tf } from "./tensorflow.js";
import type { BlasChoice, RejectedLibrary } from "./blas/load.js";
import { addMissingGradients } from "./gradients.js";
import { startNative } from "./native.js";
import { BACKEND_NAMES, type BackendName } from "./options.js";
import type { Heap } from "./wasm/heap.js";
import { startPlain } from "./plain.js";
import { startWasm } from "./wasm/start.js";
import { startWebGpu } from "./webgpu.js";

/** In the order `auto` tries them; `webgpu` is only used where it is asked for. */
const AUTOMATIC = BACKEND_NAMES.filter((name) => name !== "webgpu");

export interface BackendOptions {
  /** A backend that must be used, or `auto`: node-gpu, node, wasm or cpu, the first that starts. */
  readonly backend: BackendName | "auto";
  /** Threads this process may use, ≥ 1. Backends that cannot use more than one report `threads: 1`. */
  readonly threads: number;
  /**
   * The WebAssembly backend's matrix products: the best BLAS of the system (`auto`, and what is meant where nothing is
   * said), the one in this file, or none. The variable APTS_BLAS stands in for `auto`.
   */
  readonly blas?: BlasChoice;
}

/** What a backend says of itself once it runs. */
export interface StartedBackend {
  readonly version: string;
  /** Threads it really uses. */
  readonly threads: number;
  /** One line for people. */
  readonly description: string;
  /** What decides the bits of a result, besides the name: versions, libraries, core type, threads. */
  readonly determinants: readonly string[];
  /** The heap of the WebAssembly backend, for kernels of one's own. */
  readonly heap?: Heap;
  /** Of the WebAssembly backend; the others bring their own products. */
  readonly blas?: BlasReport;
  readonly stop?: () => void;
}

/** The BLAS in use, if any, and why others are not. */
interface BlasReport {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly rejected: readonly RejectedLibrary[];
}

interface RejectedBackend {
  readonly backend: BackendName;
  readonly reason: string;
}

/** The TensorFlow.js backend of this process: there is one, and every tensor lives in it. */
export interface ComputeBackend extends Omit<StartedBackend, "determinants" | "stop"> {
  readonly name: BackendName;
  /** Backends `auto` would have preferred, and why they did not start. */
  readonly rejected: readonly RejectedBackend[];
  /** Equal on two ranks if and only if the same computation gives the same bits on both. */
  readonly fingerprint: string;
  /** Lets go of what would keep the process alive; the backend cannot be used afterwards. */
  stop(): void;
}

type Starter = (options: Required<Omit<BackendOptions, "backend">>) => Promise<StartedBackend>;

const starters: Record<BackendName, Starter> = {
  "node-gpu": ({ threads }) => startNative("node-gpu", threads),
  webgpu: startWebGpu,
  node: ({ threads }) => startNative("node", threads),
  wasm: ({ threads, blas }) => startWasm(threads, blas),
  cpu: startPlain,
};

/**
 * Starts the backend and makes it TensorFlow.js's current one. May be called again, with another choice too:
 * tensors stay where they were made.
 *
 * @throws UsageError when the forced backend cannot start here.
 */
export async function startBackend(options: BackendOptions): Promise<ComputeBackend> {
  silence();
  addMissingGradients();
  const wanted = options.blas ?? "auto";
  const blas = wanted === "auto" ? (process.env["APTS_BLAS"] ?? "auto") : wanted;
  const candidates = options.backend === "auto" ? AUTOMATIC : [options.backend];
  const rejected: RejectedBackend[] = [];
  for (const name of candidates) {
    try {
      const { determinants, ...started } = await starters[name]({ threads: options.threads, blas });
      const fingerprint = [name, started.version, ...determinants].join("; ");
      return { stop: () => undefined, ...started, name, rejected, fingerprint };
    } catch (error) {
      rejected.push({ backend: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const reasons = rejected.map(({ backend, reason }) => `${backend}: ${reason}`).join(" ");
  throw new UsageError(
    options.backend === "auto"
      ? `Expected at least one compute backend to start, none did. ${reasons}`
      : `Expected the compute backend "${options.backend}" to start, but it cannot. ${reasons} ` +
          `--backend auto takes the best one that starts.`,
  );
}

/** TensorFlow.js's advice and banners would end up in the output of every rank. */
function silence(): void {
  tf.env().set("PROD", true); // no more than "print no warnings" in 4.x
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2"; // of the native library: errors only
}

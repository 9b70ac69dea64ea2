import { createRequire } from "node:module";
import os from "node:os";
import { visibleDevices } from "../host/gpus.js";
import type { StartedBackend } from "./backend.js";
import { tf } from "./tensorflow.js";

const packages = { "node-gpu": "@tensorflow/tfjs-node-gpu", node: "@tensorflow/tfjs-node" } as const;

/** What both packages register as the backend "tensorflow", as far as it is used here. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
}

/**
 * TensorFlow's C library by `tfjs-node` or `tfjs-node-gpu`, where the user has installed one. Loading fails in many
 * ways (package absent, library not downloaded, built for another Node, CUDA missing): all of them end as an Error
 * whose message says what was found.
 */
export async function startNative(name: "node-gpu" | "node", threads: number): Promise<StartedBackend> {
  // Read once, when the library is loaded.
  process.env["TF_NUM_INTRAOP_THREADS"] = String(threads);
  process.env["TF_NUM_INTEROP_THREADS"] = "1";
  process.env["OMP_NUM_THREADS"] = String(threads);

  const version = loadNativePackage(packages[name], () => {
    if (name !== "node-gpu") return;
    process.env["CUDA_VISIBLE_DEVICES"] = visibleDevice(process.env["CUDA_VISIBLE_DEVICES"]);
  });
  if (!(await tf.setBackend("tensorflow"))) throw new Error(`${packages[name]} loads but does not start.`);
  const backend = tf.backend() as unknown as NativeBackend;
  if (name === "node-gpu" && !backend.isUsingGpuDevice) {
    tf.removeBackend("tensorflow");
    throw new Error(
      `${packages[name]} loads but finds no usable CUDA device (it needs CUDA 11 and cuDNN 8).`,
    );
  }
  return {
    version,
    threads,
    description:
      name === "node-gpu"
        ? "TensorFlow's native library on a CUDA device"
        : `TensorFlow's native library, ${threads} thread${threads === 1 ? "" : "s"}`,
    determinants: [os.cpus()[0]?.model ?? process.arch, `${threads} threads`],
  };
}

/**
 * The one CUDA device that this process shall see, the first of those it may (CUDA_VISIBLE_DEVICES): whoever started
 * the ranks has given each its own. None where it may see none.
 */
export function visibleDevice(allowed = "0"): string {
  return visibleDevices(allowed)[0] ?? "";
}

/**
 * Loads the (CommonJS) package and returns its version; `prepare` is called first, if the package is there. The error
 * says in one line why it failed.
 */
export function loadNativePackage(packageName: string, prepare: () => void): string {
  const require = createRequire(import.meta.url);
  try {
    require.resolve(packageName);
  } catch (cause) {
    throw new Error(`${packageName} is not installed.`, { cause });
  }
  try {
    prepare();
    const loaded = require(packageName) as { version?: Record<string, string> };
    return loaded.version?.["tfjs-node"] ?? loaded.version?.["tfjs"] ?? "unknown version";
  } catch (cause) {
    const firstLine = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
    throw new Error(`${packageName} is installed but does not load: ${firstLine}`, { cause });
  }
}

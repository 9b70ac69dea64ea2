import { choice, text, type OptionTable } from "../config/option.js";

/** The TensorFlow.js backends, apart from their code, which loads TensorFlow.js, so that a command line can name them at once. */
export const BACKEND_NAMES = ["node-gpu", "webgpu", "node", "wasm", "cpu"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** What computes, whichever command starts it. */
export const computeOptions = {
  backend: choice(["auto", ...BACKEND_NAMES], { fallback: "auto", help: "TensorFlow.js backend" }),
  blas: text({
    fallback: "auto",
    placeholder: "auto|none|FILE",
    help: "native matrix products of the wasm backend",
  }),
} satisfies OptionTable;

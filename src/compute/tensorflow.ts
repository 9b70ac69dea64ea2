/**
 * The one place that names TensorFlow.js: everything else imports `tf` from here, so that one copy of it (and its
 * one engine) is used throughout. `@tensorflow/tfjs-core` alone has no gradients: this is the full package.
 */
export * as tf from "@tensorflow/tfjs";

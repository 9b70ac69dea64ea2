/**
 * The one place that names TensorFlow.js: everything else imports `tf` from here, so that one copy of it (and its
 * one engine) is used throughout. `@tensorflow/tfjs-core` alone has no gradients: this is the full package.
 *
 * Required, not imported: of a module that is no ES module an import first reads the names of all that it exports, 0.2 s
 * in every process that starts.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
export import tf = require("@tensorflow/tfjs");

import { cnn } from "./mnist-cnn.mjs";

/** A quarter of its width. */
export const createModel = cnn(8);

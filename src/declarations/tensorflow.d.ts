/**
 * What the package's declarations say of TensorFlow.js, in the place of its own (src/compute/tensorflow.ts): a model of any copy
 * of it fits, and a program that does not use its types need not read them, which do not compile without
 * `skipLibCheck`. What stands here must fit TensorFlow.js' types: test/package/consumers.test.ts.
 */
export declare namespace tf {
  interface LayersModel {
    readonly layers: readonly object[];
    predict(x: unknown, args?: object): unknown;
    getWeights(trainableOnly?: boolean): unknown[];
    setWeights(weights: unknown[]): void;
    save(handlerOrUrl: unknown, config?: object): Promise<unknown>;
  }
}
/** The library itself. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- it has other types for who imports it
export declare const tf: any;

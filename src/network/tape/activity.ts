import { tf } from "../../compute/tensorflow.js";
import { layersOf, type Container } from "../inspect/graph.js";

interface RegularisedLayer {
  call: (inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>) => tf.Tensor | tf.Tensor[];
  readonly activityRegularizer?: { apply(x: tf.Tensor): tf.Scalar } | null;
}

/**
 * The penalties on what layers compute (`activityRegularizer`), which TensorFlow.js declares and does not apply. As
 * Keras has it: summed over a layer's results, divided by the samples.
 */
export class ActivityPenalties {
  readonly #layers: RegularisedLayer[];

  constructor(model: Container) {
    const all = [...layersOf(model)].map(({ layer }) => layer as unknown as RegularisedLayer);
    this.#layers = [...new Set(all)].filter(({ activityRegularizer }) => activityRegularizer != null);
  }

  get count(): number {
    return this.#layers.length;
  }

  /** What `evaluate` makes, and Σ over samples of the penalties on the way; undefined where there are none. */
  during<T>(evaluate: () => T): { readonly result: T; readonly penalty: tf.Scalar | undefined } {
    const found: tf.Scalar[] = [];
    const usual = this.#layers.map(({ call }) => call);
    this.#layers.forEach((layer, i) => {
      const call = usual[i]!.bind(layer);
      layer.call = (inputs, kwargs) => {
        const made = call(inputs, kwargs);
        const [first] = Array.isArray(made) ? made : [made];
        found.push(tf.keep(layer.activityRegularizer!.apply(first!))); // a wrapper tidies up after each step
        return made;
      };
    });
    try {
      const result = evaluate();
      const penalty = found.length > 0 ? tf.addN(found) : undefined;
      tf.dispose(found);
      return { result, penalty };
    } finally {
      this.#layers.forEach((layer, i) => {
        const { call } = Object.getPrototypeOf(layer) as RegularisedLayer;
        if (usual[i] === call) Reflect.deleteProperty(layer, "call");
        else layer.call = usual[i]!; // another's, for the time of the evaluation
      });
    }
  }
}

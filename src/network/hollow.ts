import { tf } from "../compute/tensorflow.js";
import { withWeightsBy, type Weight } from "./add-weight.js";
import { isVariable } from "./parameters.js";

/*
 * Models whose weights have shapes and no memory, so that a rank can look at a network that is too large for it. All of them
 * lie on one number; what they hold means nothing.
 */

/** The values of weights by layer: by their order, undefined: those that the layer itself starts with. */
export type LayerValues = Map<string, readonly (Float32Array | undefined)[]>;

interface Building {
  /** Undefined where no first values are wanted. */
  readonly keeps: ((layer: string) => boolean) | undefined;
  readonly kept: LayerValues;
}

let building: Building | undefined;

/** Whether models that are made now get no memory for weights. */
export function isHollow(): boolean {
  return building !== undefined;
}

interface Made<T> {
  readonly made: T;
  /** The first values asked for. */
  readonly kept: LayerValues;
  /** What weights start with by themselves. */
  readonly starts: readonly Start[];
}

interface Start {
  readonly weight: Weight;
  readonly values: () => tf.Tensor;
}

/**
 * Makes a model without weights.
 * @param keeps names of layers whose first values are wanted, as far as the model's maker sets them
 */
export async function hollow<T>(
  make: () => T | Promise<T>,
  keeps?: (layer: string) => boolean,
): Promise<Made<T>> {
  const kept: LayerValues = new Map();
  const starts: Start[] = [];
  const made = await withWeightsBy(
    (addWeight) =>
      function (name, shape, dtype, own, ...others) {
        const weight = addWeight.call(this, name, shape, dtype, { apply: hollowTensor }, ...others);
        starts.push({ weight, values: () => own.apply(shape, dtype ?? "float32") });
        return weight;
      },
    async () => {
      building = { keeps, kept };
      try {
        return await make();
      } finally {
        building = undefined;
      }
    },
  );
  return { made, kept, starts };
}

/** Takes note of first values of a layer's weights, where models are hollow: false where they are not. */
export function noteValues(layer: string, values: readonly (Float32Array | undefined)[]): boolean {
  if (building === undefined) return false;
  if (building.keeps?.(layer)) building.kept.set(layer, values);
  return true;
}

/**
 * So many first values of a layer; undefined where nobody wants them. They are drawn all the same where others' are wanted,
 * which come of the same stream.
 */
export function firstValues(layer: string, count: number, draw: () => number): Float32Array | undefined {
  if (building === undefined || building.keeps?.(layer)) return Float32Array.from({ length: count }, draw);
  if (building.keeps) for (let i = 0; i < count; i++) draw();
  return undefined;
}

/** Gives weights that have no values yet those that they start with by themselves. */
export function start(starts: readonly Start[]): void {
  for (const { weight, values } of starts) {
    if (weight.read().dataId !== number?.tensor.dataId) continue;
    const first = values();
    weight.write(first);
    first.dispose();
  }
}

/** Takes the memory of a model's weights, of which nothing but their shapes stays. */
export function hollowOut(model: tf.LayersModel): void {
  for (const weight of model.weights) {
    const variable = weight.read();
    if (!isVariable(variable)) continue;
    const nothing = hollowTensor(variable.shape, variable.dtype);
    variable.assign(nothing);
    nothing.dispose();
  }
}

let number: { readonly backend: object; readonly tensor: tf.Tensor } | undefined;

/** A tensor of that shape whose numbers are not there. */
export function hollowTensor(shape: readonly (number | null)[], dtype: tf.DataType = "float32"): tf.Tensor {
  const backend = tf.backend();
  if (number?.backend !== backend) number = { backend, tensor: tf.keep(tf.scalar(0)) };
  const { dataId } = number.tensor;
  backend.incRef(dataId); // the tensor's own, which it gives back
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: shape as number[], dtype });
}

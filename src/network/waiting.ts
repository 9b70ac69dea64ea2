import { tf } from "../compute/tensorflow.js";
import { withWeightsBy, type Initializer, type Weight } from "./add-weight.js";
import { hollowTensor } from "./hollow.js";
import { isVariable } from "./parameters.js";

/*
 * Weights that wait: they have no memory until somebody reads them, and then the values that they would have had at once. So a
 * module may do with its model what it likes while it makes it, and what it does not read takes nothing.
 */

/** The first values of those that wait. */
const waiting = new WeakMap<tf.Tensor, () => tf.Tensor>();

/**
 * What `make` makes, with weights that wait where their initializer is one of TensorFlow.js', which give the same values later.
 * One's own may draw from a stream, and is applied when its turn is.
 */
export function withWaitingWeights<T>(make: () => T | Promise<T>): Promise<T> {
  return withWeightsBy(
    (addWeight) =>
      function (name, shape, dtype, initializer, ...others) {
        const { fastWeightInitDuringBuild: isLoaded } = this as unknown as {
          fastWeightInitDuringBuild: boolean;
        };
        const draw = isLoaded || (dtype ?? "float32") !== "float32" ? undefined : drawnBy(initializer, shape);
        const from = draw ? { apply: hollowTensor } : initializer;
        const weight = addWeight.call(this, name, shape, dtype, from, ...others);
        const variable = weight.read();
        if (draw && isVariable(variable)) wait(variable, draw);
        return weight;
      },
    () => beforeKernels(endWait, make),
  );
}

/** A kernel is in the middle of its work when it asks for its inputs' memory: what waits is to have it before. */
async function beforeKernels<T>(look: (input: tf.Tensor) => void, make: () => T | Promise<T>): Promise<T> {
  const engine = tf.engine();
  const run = engine.runKernel.bind(engine);
  engine.runKernel = (...call: Parameters<typeof run>) => {
    for (const input of Object.values(call[1])) look(input);
    return run(...call);
  };
  try {
    return await make();
  } finally {
    Reflect.deleteProperty(engine, "runKernel");
  }
}

/** What a weight that waits would start with, a tensor of the caller's; undefined for those that have values. */
export function valuesAwaited(weight: Weight): tf.Tensor | undefined {
  return waiting.get(weight.read())?.();
}

/** Gives all weights of a model that wait their values. */
export function endWaiting(model: tf.LayersModel): void {
  for (const weight of model.weights) endWait(weight.read());
}

function endWait(tensor: tf.Tensor): void {
  const values = waiting.get(tensor)?.();
  if (values && isVariable(tensor)) tensor.assign(values);
  values?.dispose();
}

/** Whatever is done with a variable's values goes through its `dataId`, also in kernels, and so does what shares them. */
function wait(variable: tf.Variable, draw: () => tf.Tensor): void {
  const { dataId: nothing } = variable;
  let isGivenUp = false;
  const end = (dataId: object) => {
    waiting.delete(variable);
    Object.defineProperty(variable, "dataId", { value: dataId, writable: true, enumerable: true });
    Reflect.deleteProperty(variable, "assign");
    Reflect.deleteProperty(variable, "dispose");
  };
  /** To give up its memory is not to read it. */
  const giveUp = (how: () => void) => {
    isGivenUp = true;
    try {
      how();
    } finally {
      isGivenUp = false;
    }
  };
  Object.defineProperty(variable, "dataId", {
    configurable: true,
    enumerable: true,
    get() {
      if (isGivenUp) return nothing;
      endWait(variable);
      return variable.dataId;
    },
    set: end,
  });
  variable.assign = (values) => {
    endWait(values); // before they share their memory, which this may be to have, too
    giveUp(() => {
      tf.Variable.prototype.assign.call(variable, values);
    });
  };
  variable.dispose = () => {
    giveUp(() => {
      tf.Variable.prototype.dispose.call(variable);
    });
    end({}); // of no data, as that of others which were disposed of
  };
  waiting.set(variable, draw);
}

/** TensorFlow.js' own initializers, which are what they were constructed with, and how they are applied. */
const OWN = new Map<unknown, unknown>(
  Object.values(tf.initializers as unknown as Record<string, (options: object) => Initializer>)
    .map((create) => create({ value: 0 }))
    .map((initializer) => [initializer.constructor, initializer.apply]),
);

/**
 * What draws later, as often as it is asked to, the values that `initializer` would make now. Undefined where that is not known,
 * and where it would fail.
 */
function drawnBy(
  initializer: Initializer | undefined,
  shape: readonly (number | null)[],
): (() => tf.Tensor) | undefined {
  if (initializer === undefined || OWN.get(initializer.constructor) !== initializer.apply) return undefined;
  if (!shape.every((side) => side !== null && Number.isInteger(side) && side >= 0)) return undefined;
  const kind = initializer.constructor.name;
  if (kind === "Identity" && !(shape.length === 2 && shape[0] === shape[1])) return undefined;
  if (kind === "Orthogonal" && shape.length < 2) return undefined;
  // As it is now, with the number of Math.random, which may be the module's own, that it would draw now.
  const prototype = Object.getPrototypeOf(initializer) as object;
  const now = Object.assign(Object.create(prototype) as Initializer & { seed?: unknown }, initializer);
  if ("seed" in now) now.seed ??= Math.random();
  const own = [...shape];
  return () => tf.tidy(() => now.apply(own, "float32"));
}

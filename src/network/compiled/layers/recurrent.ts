import type { tf } from "../../../compute/tensorflow.js";
import { activations, type ActivationName } from "../../../compute/wasm/kernels/activations.js";
import { gruCell, lstmCell, simpleCell, type Cell } from "../operations/cells.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { add, concatenate, multiply } from "../operations/merge.js";
import { recurrence } from "../operations/recurrence.js";
import { select } from "../operations/select.js";

/** The builders of recurrent layers. */
export const recurrentLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,

  Bidirectional: (call) => {
    const { forwardLayer, backwardLayer } = call.layer as unknown as Directions;
    const numberOf = new Map(call.layer.weights.map((weight, i) => [weight, call.weights[i]!]));
    const built = [forwardLayer, backwardLayer].map((layer) => {
      const config = layer.getConfig();
      const weights = layer.weights.map((weight) => numberOf.get(weight)!);
      return recurrent({ ...call, layer, config, weights });
    });
    const { returnSequences, units } = forwardLayer.getConfig() as {
      returnSequences: boolean;
      units: number;
    };
    const positions = returnSequences ? call.outputShape[0]! : 1;
    const first = built[0]!;
    const second = returnSequences ? reversed(call, built[1]!, positions, units) : built[1]!;
    const size = positions * units;
    switch (call.config["mergeMode"] as "concat" | "sum" | "ave" | "mul" | null) {
      case "concat": {
        const parts = [first, second].map((operation) => ({ operation, size: units }));
        return call.add((own) => concatenate(own, parts, positions));
      }
      case "sum":
        return call.add((own) => add(own, [first, second], size, 1));
      case "ave":
        return call.add((own) => add(own, [first, second], size, 0.5));
      case "mul":
        return call.add((own) => multiply(own, [first, second], size));
      case null:
        throw new UnsupportedLayer(`"${call.layer.name}" leaves its two results apart.`);
    }
  },
};

interface Directions {
  readonly forwardLayer: tf.layers.Layer;
  readonly backwardLayer: tf.layers.Layer;
}

const CELLS: Readonly<Record<string, (kind: number, gateKind: number) => Cell>> = {
  SimpleRNN: simpleCell,
  LSTM: lstmCell,
  GRU: gruCell,
};

function recurrent(call: LayerCall): number {
  const { layer, config, inputs } = call;
  for (const setting of ["returnState", "stateful", "dropout", "recurrentDropout"]) {
    if (config[setting]) throw new UnsupportedLayer(`"${layer.name}" has ${setting}.`);
  }
  const kind = layer.getClassName();
  const makeCell = CELLS[kind];
  if (makeCell === undefined)
    throw new UnsupportedLayer(`${kind} "${layer.name}" has no kernels of its own.`);
  if (inputs.length > 1) throw new UnsupportedLayer(`"${layer.name}" is given its first state.`);
  const { operation, shape } = inputs[0]!;
  const [steps, width] = shape as [number, number];
  const kindOf = (setting: string) => {
    const name = (config[setting] ?? "linear") as string;
    if (name in activations) return activations[name as ActivationName];
    throw new UnsupportedLayer(`${setting} "${name}" of "${layer.name}" has no kernel of its own.`);
  };
  const cell = makeCell(kindOf("activation"), kindOf("recurrentActivation"));
  const input = config["goBackwards"] === true ? reversed(call, operation, steps, width) : operation;
  const [kernel, recurrentKernel, bias] = call.weights;
  return call.add((own) =>
    recurrence(
      {
        own,
        input,
        kernel: kernel!,
        recurrent: recurrentKernel!,
        bias,
        steps,
        inputs: width,
        units: config["units"] as number,
        sequences: config["returnSequences"] === true,
      },
      cell,
    ),
  );
}

/** Adds the operation of the other order in time: (steps, width). */
function reversed(call: LayerCall, operation: number, steps: number, width: number): number {
  const places = Int32Array.from({ length: steps }, (_, t) => steps - 1 - t);
  return call.add((own) =>
    select(call.heap, own, operation, { inputSize: steps * width, places, run: width }),
  );
}

import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import { gruCell, lstmCell, simpleCell, type Cell } from "./cells.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import { recurrence } from "./recurrence.js";
import { reverse } from "./reverse.js";

/** The builders of recurrent layers. */
export const recurrentLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
};

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
  if (inputs.length > 1) throw new UnsupportedLayer(`"${layer.name}" is given its first state.`);
  const { operation, shape } = inputs[0]!;
  const [steps, width] = shape as [number, number];
  const kindOf = (setting: string) => {
    const name = (config[setting] ?? "linear") as string;
    if (name in activations) return activations[name as ActivationName];
    throw new UnsupportedLayer(`${setting} "${name}" of "${layer.name}" has no kernel of its own.`);
  };
  const cell = CELLS[layer.getClassName()]!(kindOf("activation"), kindOf("recurrentActivation"));
  const input =
    config["goBackwards"] === true ? call.add((own) => reverse(own, operation, steps, width)) : operation;
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

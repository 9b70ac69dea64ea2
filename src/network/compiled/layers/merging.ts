import { sizeOf } from "../../../data/dataset.js";
import { concatenate, add, extreme, multiply } from "../operations/merge.js";
import { UnsupportedLayer, type LayerCall } from "./layer-call.js";
import type { Operation } from "../operation.js";
import { broadcast } from "../operations/select.js";

/** The builders of layers that make one of several inputs. */
export const mergingLayerBuilders: Readonly<Record<string, (call: LayerCall) => number>> = {
  Add: (call) => elementwise(call, (own, inputs, size) => add(own, inputs, size, 1)),
  Average: (call) => elementwise(call, (own, inputs, size) => add(own, inputs, size, 1 / inputs.length)),
  Multiply: (call) => elementwise(call, multiply),
  Maximum: (call) => elementwise(call, (own, inputs, size) => extreme(own, inputs, size, true)),
  Minimum: (call) => elementwise(call, (own, inputs, size) => extreme(own, inputs, size, false)),

  Concatenate: (call) => {
    const configured = call.config["axis"] as number;
    const axis = configured < 0 ? call.outputShape.length + configured : configured - 1;
    if (axis < 0) throw new UnsupportedLayer(`"${call.layer.name}" concatenates samples.`);
    const inputs = call.inputs.map(({ operation, shape }) => {
      return { operation, size: sizeOf(shape.slice(axis)) };
    });
    return call.add((own) => concatenate(own, inputs, sizeOf(call.outputShape.slice(0, axis))));
  },
};

/** Of inputs that are brought to the same shape. */
function elementwise(
  call: LayerCall,
  make: (own: number, inputs: readonly number[], size: number) => Operation,
): number {
  const inputs = call.inputs.map((input) => broadcast(call, input, call.outputShape));
  return call.add((own) => make(own, inputs, sizeOf(call.outputShape)));
}

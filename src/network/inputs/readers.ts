import type { tf } from "../../compute/tensorflow.js";
import { inputsOf, placesOf, type Place } from "../inspect/graph.js";

type Layer = tf.layers.Layer;

/**
 * The layers that read the model's input, an entry for each time they do: behind layers that it only passes, and in
 * nested models too.
 */
export function inputReaders(model: tf.LayersModel, passes: (layer: Layer) => boolean): Layer[] {
  const behind = (place: Place): Place =>
    passes(place.tensor.sourceLayer) ? behind(inputsOf(place)[0]!) : place;
  const readers: Layer[] = [];
  for (const place of placesOf(model)) {
    const layer = place.tensor.sourceLayer;
    if (passes(layer)) continue;
    for (const input of inputsOf(place)) if (behind(input).tensor === model.inputs[0]) readers.push(layer);
  }
  return readers;
}

import type { tf } from "../../compute/tensorflow.js";
import { layersOf, type Container } from "./graph.js";

/** Layers that are random in training, and which number of theirs says how much. */
const RANDOM: Readonly<Record<string, string>> = {
  Dropout: "rate",
  SpatialDropout1D: "rate",
  GaussianDropout: "rate",
  AlphaDropout: "rate",
  GaussianNoise: "stddev",
};

/** The cell of a recurrent layer that drops, with `dropoutFunc` in place of TensorFlow.js' own drawing. */
export interface DroppingCell {
  dropout: number;
  recurrentDropout: number;
  /** Of ones (rows, units), makes a mask. */
  dropoutFunc?: ((ones: tf.Tensor, rate: number) => tf.Tensor) | undefined;
}

/** What of a model is random in training, also in nested models: layers and cells, numbered in its order. */
export interface RandomParts {
  readonly layers: ReadonlyMap<tf.layers.Layer, number>;
  readonly cells: ReadonlyMap<DroppingCell, number>;
}

export function randomPartsOf(model: Container): RandomParts {
  const layers = new Map<tf.layers.Layer, number>();
  const cells = new Map<DroppingCell, number>();
  const next = () => layers.size + cells.size;
  for (const { layer } of layersOf(model)) {
    if (isRandom(layer) && !layers.has(layer)) layers.set(layer, next());
    for (const cell of cellsOf(layer)) {
      const drops = cell.dropout > 0 || cell.recurrentDropout > 0;
      if (drops && !cells.has(cell)) cells.set(cell, next());
    }
  }
  return { layers, cells };
}

/** The numbers of what is random in a layer of the model with these parts, in order. */
export function numbersIn(layer: tf.layers.Layer, { layers, cells }: RandomParts): number[] {
  return [layers.get(layer), ...cellsOf(layer).map((cell) => cells.get(cell))].filter(
    (number) => number !== undefined,
  );
}

/** Whether it could be random, and is declared not to be: it passes on what it gets. */
export function drawsNothing(layer: tf.layers.Layer): boolean {
  return layer.getClassName() in RANDOM && !isRandom(layer);
}

export function isRandom(layer: tf.layers.Layer): boolean {
  const amount = RANDOM[layer.getClassName()];
  if (amount === undefined) return false;
  const value = Number(layer.getConfig()[amount] ?? 0);
  return value > 0 && (amount !== "rate" || value < 1); // TensorFlow.js takes a rate of 1 for none
}

function cellsOf(layer: tf.layers.Layer): DroppingCell[] {
  const { cell } = layer as unknown as { cell?: DroppingCell & { cells?: DroppingCell[] } };
  return cell === undefined ? [] : (cell.cells ?? [cell]);
}

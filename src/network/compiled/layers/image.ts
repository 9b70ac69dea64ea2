import { UnsupportedLayer, type LayerCall } from "./layer-call.js";

export type Image = readonly [height: number, width: number, channels: number];
export type Pair = readonly [number, number];

/** @throws UnsupportedLayer for images (channels, height, width) */
export function requireChannelsLast({ layer, config }: LayerCall): void {
  if (config["dataFormat"] === "channelsFirst") {
    throw new UnsupportedLayer(`"${layer.name}" has its channels first.`);
  }
}

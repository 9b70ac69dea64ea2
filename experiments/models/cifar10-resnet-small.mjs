import { resnet } from "./cifar10-resnet.mjs";

/** An eighth of its width. */
export const createModel = resnet(8);

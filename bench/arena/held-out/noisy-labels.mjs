/** 10,000 images of MNIST, a fifth of whose labels are drawn anew; those to measure with are right. */
import { images, labels } from "./images.mjs";
import { randomOf } from "./random.mjs";

const samples = (part, count, seen) => ({
  features: images(part, count),
  labels: labels(part, count).map(seen),
  sampleShape: [784],
  classes: 10,
});

export function createData() {
  const { uniform } = randomOf(7);
  const wrong = (label) => (uniform() < 0.2 ? Math.floor(10 * uniform()) : label);
  return { train: samples("train", 10000, wrong), test: samples("t10k", 2000, (label) => label) };
}

/** Convolutions with batch normalisation, and dropout, for images. */
export function createModel({ tf, sampleShape, classes }) {
  const { layers } = tf;
  const convolution = (filters, shape = {}) => [
    layers.conv2d({ filters, kernelSize: 3, useBias: false, ...shape }),
    layers.batchNormalization(),
    layers.reLU(),
    layers.maxPooling2d({ poolSize: 2 }),
  ];
  return tf.sequential({
    layers: [
      ...convolution(8, { inputShape: sampleShape }),
      ...convolution(16),
      layers.flatten(),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 64, activation: "relu" }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: classes, activation: "softmax" }),
    ],
  });
}

/**
 * The parts of a residual network (He et al., CVPR 2016): convolutions with batch normalisation, and blocks of two.
 * `kernelOf` tells the first kernel of a convolution by its inputs, `normalisation` the options of what follows.
 */
export function residual({ layers }, kernelOf, normalisation = {}) {
  const convolved = (x, filters, kernelSize, strides) => {
    const kernelInitializer = kernelOf(kernelSize * kernelSize * x.shape.at(-1));
    const options = { filters, kernelSize, strides, padding: "same", useBias: false, kernelInitializer };
    return layers.batchNormalization(normalisation).apply(layers.conv2d(options).apply(x));
  };
  const relu = (x) => layers.reLU().apply(x);
  const block = (x, filters, strides) => {
    const inner = convolved(relu(convolved(x, filters, 3, strides)), filters, 3, 1);
    const outer = strides === 1 ? x : convolved(x, filters, 1, strides);
    return relu(layers.add().apply([inner, outer]));
  };
  return { convolved, relu, block };
}

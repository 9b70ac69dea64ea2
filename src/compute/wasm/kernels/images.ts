/** What convolutions, pooling and enlarging do besides products. A window is described in memory (assembly/window.ts). */
export interface ImageKernels {
  /**
   * columns ← what the window sees at `count` output positions from `first` on, numbered over images, rows and
   * columns: (count, height · width · channels), zero beyond the image.
   */
  imagesToColumns(window: number, x: number, first: number, count: number, columns: number): void;
  /** Adds the columns' entries to the pixels that `imagesToColumns` copies them from. */
  addColumnsToImages(window: number, columns: number, first: number, count: number, x: number): void;
  /** Gradients of pooling add to dx; what lies beyond the image does not count. */
  maxPool(window: number, x: number, images: number, y: number): void;
  maxPoolGradient(window: number, x: number, dy: number, images: number, dx: number): void;
  averagePool(window: number, x: number, images: number, y: number): void;
  averagePoolGradient(window: number, dy: number, images: number, dx: number): void;
  /** y ← images enlarged by whole factors, between pixels by linear interpolation from the top left corner. */
  interpolate(
    x: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    rowFactor: number,
    columnFactor: number,
    y: number,
  ): void;
  /** dx ← dx + the gradient of that by x. */
  interpolateGradient(
    dx: number,
    images: number,
    height: number,
    width: number,
    channels: number,
    rowFactor: number,
    columnFactor: number,
    dy: number,
  ): void;
  /** Filter (height, width, channels · multiplier). The gradients add to dx and dFilter. */
  depthwise(window: number, x: number, filter: number, multiplier: number, images: number, y: number): void;
  depthwiseInputGradient(
    window: number,
    dx: number,
    filter: number,
    multiplier: number,
    images: number,
    dy: number,
  ): void;
  depthwiseFilterGradient(
    window: number,
    x: number,
    dFilter: number,
    multiplier: number,
    images: number,
    dy: number,
  ): void;
}

/**
 * How a window slides over images (…, inHeight, inWidth, channels): of convolutions and of pooling. Lies on the heap;
 * `Window` in ../wasm/window.ts writes it.
 */
@unmanaged
export class Window {
  inHeight: i32;
  inWidth: i32;
  channels: i32;
  outHeight: i32;
  outWidth: i32;
  height: i32;
  width: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  padTop: i32;
  padLeft: i32;
}

/** What is used of WebAssembly's JavaScript interface: neither Node's types nor ES2023's have it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** The exports of a module without imports; undefined on a processor without 128-bit vectors. */
export function instanceOf(code: Uint8Array): unknown {
  if (!WebAssembly.validate(code)) return undefined;
  return new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
}

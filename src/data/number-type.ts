/** How numbers are written in a file. */
export interface NumberType {
  /** b: a byte that is 0 or 1 */
  readonly kind: "f" | "i" | "u" | "b";
  readonly bytes: 1 | 2 | 4 | 8;
  readonly bigEndian: boolean;
}

type Decoded =
  Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/**
 * The numbers that bytes stand for; 64-bit integers as float64.
 * @param bytes aligned to 8; numbers of the other byte order are turned round in place
 */
export function decode(bytes: Buffer, { kind, bytes: width, bigEndian }: NumberType): Decoded {
  if (bigEndian) turnRound(bytes, width);
  const { byteOffset } = bytes;
  const buffer = bytes.buffer as ArrayBuffer;
  const length = bytes.length / width;
  switch (kind) {
    case "f":
      if (width === 2) return Float32Array.from(new Uint16Array(buffer, byteOffset, length), halfToNumber);
      return width === 4
        ? new Float32Array(buffer, byteOffset, length)
        : new Float64Array(buffer, byteOffset, length);
    case "b":
      return new Uint8Array(buffer, byteOffset, length);
    case "i":
    case "u": {
      if (width === 8) return fromWords(new Uint32Array(buffer, byteOffset, 2 * length), kind === "i");
      const Kind = {
        i: { 1: Int8Array, 2: Int16Array, 4: Int32Array },
        u: { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array },
      }[kind][width];
      return new Kind(buffer, byteOffset, length);
    }
  }
}

/** A half precision number (IEEE 754 binary16). */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** 64-bit integers, low words first. */
function fromWords(words: Uint32Array, signed: boolean): Float64Array {
  const out = new Float64Array(words.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = words[2 * i + 1]!;
    out[i] = (signed ? high | 0 : high) * 2 ** 32 + words[2 * i]!;
  }
  return out;
}

function turnRound(bytes: Buffer, width: NumberType["bytes"]): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else if (width === 8) bytes.swap64();
}

/** CRC-32 as zip and PNG have it: RFC 1952, section 8. */
export const crc32 = checksumOf(0xedb88320);

/** CRC-32C (Castagnoli), as RFC 3720, appendix B.4, has it. */
export const crc32c = checksumOf(0x82f63b78);

/** @param polynomial its bits reversed */
function checksumOf(polynomial: number): (bytes: Uint8Array) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    return remainder;
  });
  return (bytes) => {
    let remainder = 0xffffffff;
    for (const byte of bytes) remainder = table[(remainder ^ byte) & 0xff]! ^ (remainder >>> 8);
    return (remainder ^ 0xffffffff) >>> 0;
  };
}

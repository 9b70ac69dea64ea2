import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";

import { UsageError } from "../../errors.js";

/** A CURVE key pair as ZeroMQ writes it: 40 characters of Z85 each. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/**
 * The key pair that all listening sockets of a job use, derived from the job's secret. Its public half is never sent:
 * only who knows the secret can derive it, and without it no CURVE handshake succeeds. So it is what lets a process
 * in, and no further authentication (ZAP) is needed.
 */
export function listeningKeys(jobKey: string): KeyPair {
  if (!/^[0-9a-f]{64}$/i.test(jobKey)) {
    throw new UsageError(
      "Expected APTS_JOB_KEY to be 64 hexadecimal digits, as the launcher makes it. " +
        `Got ${jobKey.length} characters.`,
    );
  }
  const secret = Buffer.from(hkdfSync("sha256", Buffer.from(jobKey, "hex"), "", "apts listening socket", 32));
  return { publicKey: z85(publicKeyOf(secret)), secretKey: z85(secret) };
}

/** X25519: the public key of a raw secret, through the PKCS #8 wrapping Node wants (RFC 8410 §7). */
function publicKeyOf(secret: Buffer): Buffer {
  const prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
  const key = createPrivateKey({ key: Buffer.concat([prefix, secret]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
}

const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** ZeroMQ RFC 32: four bytes to five characters. */
function z85(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    let value = bytes.readUInt32BE(at);
    let group = "";
    for (let i = 0; i < 5; i++) {
      group = Z85[value % 85]! + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

/** A fresh folder for each call, removed after the test. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "apts-data-test-"));
    made.push(folder);
    return folder;
  };
}

/** An idx file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 0x08;
  header[3] = shape.length;
  shape.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** A CIFAR-10 record: the label, then byte(channel, pixel) plane after plane. */
export function cifarRecord(label: number, byte: (channel: number, pixel: number) => number): Buffer {
  const planes = Array.from({ length: 3 * 1024 }, (_, i) => byte(Math.floor(i / 1024), i % 1024));
  return Buffer.from([label, ...planes]);
}

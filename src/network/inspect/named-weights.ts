import { open, stat, type FileHandle } from "node:fs/promises";
import { tf } from "../../compute/tensorflow.js";
import { bytesOf, checkLength, weightFile, type ModelDescription } from "./model-description.js";

/**
 * Some of the weights that a description names; of their files nothing else is read.
 * @throws UsageError as `readWeights`
 */
export async function readNamedWeights(
  { weightsManifest }: ModelDescription,
  path: string,
  wants: (name: string) => boolean,
): Promise<tf.NamedTensorMap> {
  const tensors: tf.NamedTensorMap = {};
  for (const group of weightsManifest) {
    const files = await Promise.all(group.paths.map((name) => weightFile(name, path)));
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    checkLength(
      group,
      sizes.reduce((sum, size) => sum + size, 0),
      path,
    );
    const handles = await Promise.all(files.map((file) => open(file)));
    try {
      let at = 0;
      for (const weight of group.weights) {
        const bytes = bytesOf(weight);
        if (wants(weight.name)) {
          const content = await readAcross(handles, sizes, at, bytes);
          Object.assign(tensors, tf.io.decodeWeights(content, [weight]));
        }
        at += bytes;
      }
    } finally {
      await Promise.all(handles.map((handle) => handle.close()));
    }
  }
  return tensors;
}

/** `bytes` bytes from `at` on, of files that go on from one to the next. */
async function readAcross(
  handles: readonly FileHandle[],
  sizes: readonly number[],
  at: number,
  bytes: number,
): Promise<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  let begin = 0;
  for (const [i, handle] of handles.entries()) {
    const end = begin + sizes[i]!;
    const from = Math.max(at, begin);
    const to = Math.min(at + bytes, end);
    for (let next = from; next < to;) {
      const { bytesRead } = await handle.read(content, next - at, to - next, next - begin);
      if (bytesRead === 0) throw new RangeError("A weight file has become shorter.");
      next += bytesRead;
    }
    begin = end;
  }
  return content.buffer;
}

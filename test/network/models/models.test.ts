import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { Random } from "../../../src/random.js";
import type { TensorSlot } from "../../../src/network/layout.js";
import type { ParameterLayout } from "../../../src/network/layout.js";
import { cnn } from "../../../src/network/models/cnn.js";
import { resnet18 } from "../../../src/network/models/resnet18.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { expectClose } from "../../helpers/compute/compare.js";
import {
  compiledOn,
  dispose,
  expectAgreement,
  MEMORY,
  randomChunk,
  wasm,
} from "../../helpers/network/networks.js";

const run = promisify(execFile);

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

describe("cnn", () => {
  it("has the layers asked for, and gradients that agree with the tape", async () => {
    const model = cnn([9, 9, 2], 4, [3, 5], [6], new Random(1));
    expect(model.trainableWeights.map((weight) => weight.shape)).toEqual([
      [3, 3, 2, 3],
      [3],
      [3, 3, 3, 5],
      [5],
      [3 * 3 * 5, 6],
      [6],
      [6, 4],
      [4],
    ]);
    await expectAgreement(backend, model, 90, 2, 2e-5);
  });

  it("starts from the same θ for the same seed", () => {
    const [a, b] = [1, 1].map((seed) =>
      cnn([8, 8, 1], 3, [4], [], new Random(seed)).getWeights()[0]!.dataSync(),
    );
    expect(a).toEqual(b);
  });
});

/** The layers with parameters in the order in which torchvision's model lists them. */
const torchOrder = [
  "conv1",
  "bn1",
  ...[1, 2, 3, 4].flatMap((stage) =>
    [0, 1].flatMap((block) =>
      ["conv1", "bn1", "conv2", "bn2", "downsample", "downsample_bn"].map(
        (name) => `layer${stage}_${block}_${name}`,
      ),
    ),
  ),
  "fc",
];

/** θ-shaped values, rearranged from the model's order to PyTorch's. */
function inTorchOrder({ slots }: ParameterLayout, values: Float32Array): Float32Array {
  const rank = ({ name }: TensorSlot) => torchOrder.indexOf(name.split("/")[0]!);
  const sorted = [...slots].sort((a, b) => rank(a) - rank(b) || a.offset - b.offset);
  const parts = sorted.map(({ offset, size }) => values.subarray(offset, offset + size));
  const rearranged = new Float32Array(values.length);
  let at = 0;
  for (const part of parts) {
    rearranged.set(part, at);
    at += part.length;
  }
  return rearranged;
}

describe("resnet18", () => {
  it("has torchvision's 62 trainable tensors and 11,689,512 parameters", () => {
    const model = resnet18([224, 224, 3], 1000, "imagenet", new Random(1));
    const sizes = model.trainableWeights.map((weight) => tf.util.sizeFromShape(weight.shape as number[]));
    expect(sizes.length).toBe(62);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(11_689_512);
    model.dispose();
  });

  it("keeps images of 32 pixels at full size with the CIFAR stem", () => {
    const model = resnet18([32, 32, 3], 10, "cifar", new Random(1));
    expect(model.getLayer("layer1_1_relu2").outputShape).toEqual([null, 32, 32, 64]);
    expect(model.getLayer("layer4_1_relu2").outputShape).toEqual([null, 4, 4, 512]);
    model.dispose();
  });

  it("gives PyTorch's loss and gradient", async ({ skip }) => {
    const python = "/usr/bin/python3";
    const missing = await run(python, ["-c", "import torch, numpy"]).then(
      () => false,
      () => true,
    );
    skip(missing, "PyTorch is missing (Debian: python3-torch)");
    const model = resnet18([32, 32, 3], 1000, "imagenet", new Random(3));
    const evaluator = compiledOn(model, backend.heap!, MEMORY);
    const chunk = randomChunk(model, 6, 1);
    const gradient = new Float32Array(evaluator.layout.dimension);
    const loss = await evaluator.gradient(chunk, 1 / 6, wholeTensors(evaluator.layout), gradient);

    const folder = await mkdtemp(path.join(tmpdir(), "apts-resnet18-"));
    await writeFile(path.join(folder, "theta"), inTorchOrder(evaluator.layout, evaluator.parameters()));
    await writeFile(path.join(folder, "x"), chunk.inputs[0]!.dataSync<"float32">());
    await writeFile(path.join(folder, "y"), Int32Array.from(chunk.targets[0]!.values.dataSync<"float32">()));
    const script = fileURLToPath(new URL("../../helpers/network/resnet18_torch.py", import.meta.url));
    const { stdout } = await run(python, [script, folder], { timeout: 50_000 });
    const reference = new Float32Array((await readFile(path.join(folder, "gradient"))).buffer);
    await rm(folder, { recursive: true });
    expectClose([loss], [Number(stdout)], 1e-4);
    const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
    const own = inTorchOrder(evaluator.layout, gradient);
    const difference = norm(own.map((value, i) => value - reference[i]!));
    expect(difference).toBeLessThan(1e-3 * norm(reference));
    evaluator.dispose();
    dispose(chunk);
    model.dispose();
  });
});

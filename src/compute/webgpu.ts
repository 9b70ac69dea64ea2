import type { StartedBackend } from "./backend.js";
import { tf } from "./tensorflow.js";

/** What is used of Dawn's package: `create` takes its options as "name=value". */
interface Dawn {
  create(options: string[]): { requestAdapter(): Promise<unknown> };
  readonly globals: object;
}

/** What TensorFlow.js's backend knows of its adapter. */
interface WebGpuBackend {
  readonly adapterInfo?: { readonly vendor: string; readonly architecture: string };
}

/** Adapters that are no hardware: right, and slow. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

/**
 * TensorFlow.js's WebGPU backend on Dawn (npm `webgpu`): GPUs of any vendor through Vulkan, Metal or Direct3D.
 * The first adapter is used, hardware before software, on every rank of a host the same: Dawn tells adapters apart by
 * name alone, and ranks on adapters of different names would not compute the same bits.
 */
export async function startWebGpu(): Promise<StartedBackend> {
  started ??= await start();
  if (!(await tf.setBackend("webgpu"))) throw new Error("WebGPU has been stopped in this process.");
  return started;
}

/** There is one adapter for a process; TensorFlow.js keeps to it. */
let started: StartedBackend | undefined;

async function start(): Promise<StartedBackend> {
  const dawn = await load<Dawn>("webgpu");
  const adapters = await adapterNames(dawn);
  const name = adapters.find((adapter) => !SOFTWARE.test(adapter)) ?? adapters[0];
  if (name === undefined) {
    throw new Error("Dawn finds no adapter: no driver for Vulkan, Metal or Direct3D 12 is installed.");
  }
  const alike = adapters.filter((adapter) => adapter === name).length;
  // TensorFlow.js looks for a browser's navigator. While it is there, Dawn keeps the process alive.
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([`adapter=${name}`]);
  Object.defineProperty(globalThis, "navigator", {
    value: { gpu, userAgent: "node" },
    configurable: true,
    writable: true,
  });
  await load("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error(`The adapter "${name}" does not start.`);
  const { adapterInfo } = tf.backend() as unknown as WebGpuBackend;
  const kind = SOFTWARE.test(name) ? "WebGPU in software (slow)" : "WebGPU";
  return {
    version: tf.version.tfjs,
    threads: 1,
    description: `${kind} on ${name}${alike > 1 ? `, the first of ${alike} of that name` : ""}`,
    determinants: [name, adapterInfo?.vendor ?? "", adapterInfo?.architecture ?? "", process.platform],
    stop() {
      tf.removeBackend("webgpu");
      Reflect.deleteProperty(globalThis, "navigator");
    },
  };
}

/** The names of the adapters. Dawn has no call for this: asked for one that does not exist, it lists those that do. */
async function adapterNames(dawn: Dawn): Promise<string[]> {
  try {
    await dawn.create(["adapter=(none of this name)"]).requestAdapter();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [...message.matchAll(/name: '([^']*)'/g)].map(([, name]) => name!);
  }
}

async function load<Module = unknown>(packageName: string): Promise<Module> {
  try {
    return (await import(packageName)) as Module;
  } catch (cause) {
    const line = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
    throw new Error(
      `${packageName} does not load (npm install webgpu @tensorflow/tfjs-backend-webgpu): ${line}`,
      { cause },
    );
  }
}

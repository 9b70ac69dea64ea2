import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { startBackend } from "../../src/compute/backend.js";
import { loadNativePackage, visibleDevice } from "../../src/compute/native.js";
import { tf } from "../../src/compute/tensorflow.js";
import { UsageError } from "../../src/errors.js";

describe("startBackend", () => {
  it("takes WebAssembly where no native package is installed, and says why not the others", async () => {
    const backend = await startBackend({ backend: "auto", threads: 1 });
    expect(backend.name).toBe("wasm");
    expect(tf.getBackend()).toBe("wasm");
    expect(backend.rejected.map((r) => r.backend)).toEqual(["node-gpu", "node"]);
    expect(backend.rejected[0]!.reason).toBe("@tensorflow/tfjs-node-gpu is not installed.");
  });

  it("starts a forced backend, again and after another", async () => {
    for (const name of ["cpu", "wasm", "wasm", "cpu"] as const) {
      const backend = await startBackend({ backend: name, threads: 1 });
      expect(backend).toMatchObject({ name, threads: 1, rejected: [] });
      expect(tf.getBackend()).toBe(name);
      expect(tf.tidy(() => tf.tensor1d([1, 2]).square().arraySync())).toEqual([1, 4]);
    }
  });

  it("refuses a forced backend that cannot start, as wrong usage, with the reason", async () => {
    const attempt = startBackend({ backend: "node", threads: 1 });
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(attempt).rejects.toThrow(/"node" to start.*@tensorflow\/tfjs-node is not installed/);
  });

  it("has a fingerprint that repeats and differs between backends", async () => {
    const one = await startBackend({ backend: "wasm", threads: 1 });
    const two = await startBackend({ backend: "wasm", threads: 1 });
    const other = await startBackend({ backend: "cpu", threads: 1 });
    expect(two.fingerprint).toBe(one.fingerprint);
    expect(other.fingerprint).not.toBe(one.fingerprint);
  });
});

describe("starting a backend", () => {
  it("prints nothing and adds no handlers for uncaught errors", async () => {
    const events = ["uncaughtException", "unhandledRejection"] as const;
    const count = () => events.map((event) => process.listenerCount(event));
    const before = count();
    const warn = vi.spyOn(console, "warn");
    const log = vi.spyOn(console, "log");
    for (const backend of ["cpu", "wasm"] as const) {
      await startBackend({ backend, threads: 1 });
      tf.tidy(() => tf.matMul(tf.ones([4, 4]), tf.ones([4, 4])).dataSync());
    }
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
    expect(count()).toEqual(before);
  });
});

describe("visibleDevice", () => {
  it("is the first of those allowed, of which whoever started the rank has left one", () => {
    expect(visibleDevice(undefined)).toBe("0");
    expect(visibleDevice("4,7")).toBe("4");
    expect(visibleDevice("GPU-a1,GPU-b2")).toBe("GPU-a1");
    expect(["", "-1", "NoDevFiles"].map(visibleDevice)).toEqual(["", "", ""]);
  });
});

describe("loadNativePackage", () => {
  it("says that a package is installed but broken, in one line", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "apts-broken-"));
    const file = path.join(folder, "broken.cjs");
    await writeFile(file, 'throw new Error("cannot open libtensorflow.so.2\\n  at somewhere");');
    expect(() => loadNativePackage(file, () => undefined)).toThrow(
      /is installed but does not load: cannot open libtensorflow\.so\.2$/,
    );
    await rm(folder, { recursive: true });
  });
});

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import { createWriteStream } from "node:fs";
import { packTar } from "modern-tar/fs";
import { afterEach, describe, expect, it } from "vitest";
import { download, type Download, type DownloadProgress } from "../../src/data/download.js";
import { fetchData, unpackFiles } from "../../src/data/fetch.js";
import { loadData } from "../../src/data/load.js";
import { AptsError } from "../../src/errors.js";
import { temporaryFolder } from "../helpers/apts.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a server on this machine; resolves to its address, ending in a slash. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** An address nobody listens on. */
async function deadAddress(): Promise<string> {
  const address = await serve(() => undefined);
  const server = servers.pop()!;
  await new Promise((closed) => server.close(closed));
  return address;
}

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));

const whole: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.end(content);
};
const corrupt: RequestListener = (_, response) => {
  response.end(Buffer.concat([content.subarray(1), content.subarray(0, 1)]));
};
const truncated: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, 1000), () => response.destroy());
};
const absent: RequestListener = (_, response) => {
  response.writeHead(404).end("no such file");
};
const stalled: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, 1000)); // and never more
};

function wanted(urls: string[]): Download {
  return { path: join(temporaryFolder(), "below", "thing.bin"), urls, md5: md5(content), md5Of: "file" };
}

describe("download", () => {
  it("writes the file, telling its progress", async () => {
    const thing = wanted([await serve(whole)]);
    const told: DownloadProgress[] = [];
    await download(thing, { onProgress: (progress) => told.push(progress) });
    expect(await readFile(thing.path)).toEqual(content);
    expect(told.at(-1)).toEqual({
      file: "thing.bin",
      url: thing.urls[0],
      receivedBytes: content.length,
      totalBytes: content.length,
    });
    const received = told.map(({ receivedBytes }) => receivedBytes);
    expect(received).toEqual([...received].sort((a, b) => a - b));
  });

  it("goes to the next mirror when one is dead, lacks the file, breaks off, stalls or sends something else", async () => {
    const bad = [await deadAddress()];
    for (const listener of [absent, truncated, corrupt, stalled]) bad.push(await serve(listener));
    const thing = wanted([...bad, await serve(whole)]);
    await download(thing, { stallSeconds: 0.3 });
    expect(await readFile(thing.path)).toEqual(content);
    expect(await readdir(join(thing.path, ".."))).toEqual(["thing.bin"]);
  });

  it("tells what went wrong with each mirror and leaves nothing behind", async () => {
    const urls = [await deadAddress(), await serve(absent), await serve(truncated), await serve(corrupt)];
    urls.push(await serve(stalled));
    const thing = wanted(urls);
    const error: unknown = await download(thing, { stallSeconds: 0.3 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AptsError);
    const lines = (error as AptsError).message.split("\n");
    expect(lines[0]).toBe("Could not download thing.bin from any of 5 addresses:");
    expect(lines[1]).toMatch(/^ {2}http:\/\/127.0.0.1:\d+\/: connect ECONNREFUSED/);
    expect(lines[2]).toMatch(/: HTTP 404 Not Found$/);
    expect(lines[3]).toMatch(/: other side closed$/);
    expect(lines[4]).toMatch(/: expected MD5 [0-9a-f]{32}, found [0-9a-f]{32}$/);
    expect(lines[5]).toMatch(/: nothing received for 0.3 s$/);
    expect(lines[6]).toContain("put the file into");
    expect(await readdir(join(thing.path, ".."))).toEqual([]);
  });

  it("keeps a file that was there when the download fails", async () => {
    const thing = wanted([await serve(corrupt)]);
    await mkdir(join(thing.path, ".."));
    await writeFile(thing.path, "older");
    await expect(download(thing)).rejects.toThrow(AptsError);
    expect(await readFile(thing.path, "utf8")).toBe("older");
  });

  it("stops at once when aborted, with the reason given", async () => {
    const thing = wanted([await serve(stalled), await serve(whole)]);
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort(new Error("changed my mind"));
    };
    await expect(download(thing, { signal: controller.signal, onProgress })).rejects.toThrow(
      "changed my mind",
    );
    expect(await readdir(join(thing.path, ".."))).toEqual([]);
  });

  it("checks what a gzip file unpacks to, however it was packed", async () => {
    for (const level of [1, 9]) {
      const packed = gzipSync(content, { level });
      const thing = { ...wanted([await serve((_, r) => r.end(packed))]), md5Of: "unpacked" as const };
      await download(thing);
      expect(await readFile(thing.path)).toEqual(packed);
    }
    const notGzip = { ...wanted([await serve(whole)]), md5Of: "unpacked" as const };
    await expect(download(notGzip)).rejects.toThrow("incorrect header check");
  });
});

describe("unpackFiles", () => {
  const archiveOf = async (directory: string, entries: Record<string, string>): Promise<string> => {
    const path = join(directory, "archive.tar.gz");
    const sources = Object.entries(entries).map(([target, text]) => ({
      type: "content" as const,
      target,
      content: text,
    }));
    await pipeline(packTar(sources), createGzip(), createWriteStream(path));
    return path;
  };

  it("takes the wanted files out of the top folder", async () => {
    const directory = temporaryFolder();
    const entries = { "top/a.bin": "A", "top/readme.html": "no", "top/b.bin": "B", "top/deeper/a.bin": "no" };
    await unpackFiles(await archiveOf(directory, entries), directory, ["a.bin", "b.bin"]);
    expect((await readdir(directory)).sort()).toEqual(["a.bin", "archive.tar.gz", "b.bin"]);
    expect(await readFile(join(directory, "a.bin"), "utf8")).toBe("A");
  });

  it("leaves nothing behind where the archive breaks off", async () => {
    const directory = temporaryFolder();
    const archive = await archiveOf(directory, { "top/a.bin": "A" });
    await writeFile(archive, (await readFile(archive)).subarray(0, -10));
    await expect(unpackFiles(archive, directory, ["a.bin"])).rejects.toThrow();
    expect(await readdir(directory)).toEqual(["archive.tar.gz"]);
  });
});

describe("fetchData", () => {
  it("fails clearly where no mirror answers", async () => {
    const mirrors = [await deadAddress(), await deadAddress()];
    for (const name of ["mnist", "cifar10"] as const) {
      const directory = temporaryFolder();
      await expect(fetchData(name, { directory, mirrors })).rejects.toThrow(
        /^Could not download .* from any of 2 addresses:[^]*Check the network/,
      );
      expect(await readdir(directory)).toEqual([]);
    }
  });

  const real = resolve(import.meta.dirname, "../../../shared/data/mnist");
  const skip = existsSync(real) ? "" : ` (skipped: no ${real})`;

  it.skipIf(skip !== "")(
    `fetches MNIST so that it can be loaded, and only what is not there yet${skip}`,
    async () => {
      const served: string[] = [];
      const mirror = await serve((request, response) => {
        const name = (request.url ?? "/").slice(1);
        served.push(name);
        void readFile(join(real, name)).then((bytes) => response.end(bytes));
      });
      const directory = temporaryFolder();
      const fetched = await fetchData("mnist", { directory, mirrors: [mirror] });
      expect((await readdir(directory)).sort()).toEqual([...fetched.files].sort());
      expect(served).toEqual(fetched.files);
      expect((await loadData({ name: "mnist", directory, seed: 0 })).train.count).toBe(60_000);

      await writeFile(join(directory, "t10k-labels-idx1-ubyte.gz"), "damaged");
      await fetchData("mnist", { directory, mirrors: [mirror] });
      expect(served.slice(4)).toEqual(["t10k-labels-idx1-ubyte.gz"]);
    },
  );
});

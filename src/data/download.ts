import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { AptsError } from "../errors.js";
import { makeFolder } from "../paths.js";
import type { DownloadSource } from "./sources.js";

export interface Download extends Pick<DownloadSource, "md5" | "md5Of"> {
  readonly path: string;
  /** Tried in this order until one gives the right bytes. */
  readonly urls: readonly string[];
}

export interface DownloadProgress {
  readonly file: string;
  readonly url: string;
  readonly receivedBytes: number;
  /** Undefined where the server does not say. */
  readonly totalBytes: number | undefined;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A server that sends nothing for this long is given up. */
  readonly stallSeconds?: number | undefined;
}

/**
 * Downloads one file. It appears at `path` whole and with the right checksum, or not at all. Where a mirror fails,
 * for whatever reason, the next is tried; when all have, an AptsError tells what went wrong with each. Aborting
 * `signal` rejects with its reason.
 */
export async function download(wanted: Download, options: DownloadOptions = {}): Promise<void> {
  await makeFolder(dirname(wanted.path), "the folder of data");
  const partial = `${wanted.path}.${process.pid}.part`;
  const failures: string[] = [];
  try {
    for (const url of wanted.urls) {
      options.signal?.throwIfAborted();
      try {
        await receive(url, partial, wanted, options);
        const md5 = await checksum(partial, wanted.md5Of);
        if (md5 !== wanted.md5) throw new Error(`expected MD5 ${wanted.md5}, found ${md5}`);
        await rename(partial, wanted.path);
        return;
      } catch (error) {
        options.signal?.throwIfAborted();
        failures.push(`  ${url}: ${reasonOf(error)}`);
      }
    }
  } finally {
    await rm(partial, { force: true });
  }
  throw new AptsError(
    `Could not download ${basename(wanted.path)} from any of ${wanted.urls.length} addresses:\n${failures.join("\n")}\n` +
      `Check the network, or put the file into ${dirname(wanted.path)} by hand.`,
  );
}

/** MD5 of a file, or of what it unpacks to. Rejects where the file is missing or no whole gzip file. */
export async function checksum(path: string, of: DownloadSource["md5Of"]): Promise<string> {
  const hash = createHash("md5");
  if (of === "unpacked") await pipeline(createReadStream(path), createGunzip(), hash);
  else await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function receive(url: string, path: string, wanted: Download, options: DownloadOptions): Promise<void> {
  const stalled = new AbortController();
  const seconds = options.stallSeconds ?? 30;
  const timer = setTimeout(() => {
    stalled.abort(new Error(`nothing received for ${seconds} s`));
  }, seconds * 1000);
  const signals = [stalled.signal, ...(options.signal ? [options.signal] : [])];
  const file = await open(path, "w");
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`HTTP ${response.status} ${response.statusText}`);
    }
    // fetch unpacks a Content-Encoding; its length then says nothing about what arrives here
    const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    const totalBytes = length === null ? undefined : Number(length);
    let receivedBytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      timer.refresh();
      await file.write(chunk);
      receivedBytes += chunk.length;
      options.onProgress?.({ file: basename(wanted.path), url, receivedBytes, totalBytes });
    }
    if (totalBytes !== undefined && receivedBytes !== totalBytes) {
      throw new Error(`expected ${totalBytes} bytes, received ${receivedBytes}`);
    }
    await file.sync();
  } finally {
    clearTimeout(timer);
    await file.close();
  }
}

/** fetch says "fetch failed" and hides why in `cause`, in several layers. */
function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  if (deepest instanceof AggregateError && deepest.errors.length > 0) deepest = deepest.errors[0];
  return deepest instanceof Error ? deepest.message : String(deepest);
}

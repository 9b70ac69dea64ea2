import { platform } from "node:os";

/** Reads memory of other processes of this host, with one copy and no help from them. */
export interface PeerMemory {
  /** Where `data` lies in this process. */
  addressOf(data: Uint8Array): bigint;
  /** Fills `into` from `address` on in process `pid`. Throws where that is not possible. */
  read(pid: number, address: bigint, into: Uint8Array): void;
  /** Puts `data` on huge pages where the kernel can; takes about 2 ms a megabyte. */
  compact(data: Uint8Array): void;
}

/** prctl: with Yama's ptrace_scope 1, lets other processes of this user read this one, as Open MPI does. */
const PR_SET_PTRACER = 0x59616d61;
const ANY_PROCESS = -1;

/** madvise: moves pages together at once (Linux ≥ 6.1). */
const MADV_COLLAPSE = 25;
const PAGE = 4096n;

/**
 * Opens libc's process_vm_readv (Linux ≥ 3.2) by FFI; throws what is missing: the platform, koffi or libc. Which peers
 * can be read is found out peer by peer.
 */
export async function loadPeerMemory(): Promise<PeerMemory> {
  if (platform() !== "linux") throw new Error("only Linux lets processes read each other's memory");
  const { default: koffi } = await import("koffi");
  const libc = koffi.load("libc.so.6");
  const span = koffi.struct({ base: "uint64", length: "size_t" });
  const pointer = koffi.pointer(span);
  const count = "unsigned long";
  const readv = libc.func("process_vm_readv", "long", ["int", pointer, count, pointer, count, count]) as (
    pid: number,
    local: { base: bigint; length: number }[],
    locals: number,
    remote: { base: bigint; length: number }[],
    remotes: number,
    flags: number,
  ) => number;
  const prctl = libc.func("int prctl(int, long, long, long, long)") as (...args: number[]) => number;
  prctl(PR_SET_PTRACER, ANY_PROCESS, 0, 0, 0); // fails where Yama is not in the kernel, and is not needed there

  const madvise = libc.func("int madvise(uint64_t, size_t, int)") as (
    address: bigint,
    length: number,
    advice: number,
  ) => number;

  const addressOf = (data: Uint8Array): bigint => koffi.address(data);
  return {
    addressOf,
    compact: (data) => {
      const from = addressOf(data);
      const begin = ((from + PAGE - 1n) / PAGE) * PAGE;
      const end = ((from + BigInt(data.byteLength)) / PAGE) * PAGE;
      madvise(begin, Number(end - begin), MADV_COLLAPSE); // advice: an older kernel declines it
    },
    read: (pid, address, into) => {
      for (let done = 0; done < into.byteLength;) {
        const length = into.byteLength - done;
        const local = { base: addressOf(into) + BigInt(done), length };
        const read = readv(pid, [local], 1, [{ base: address + BigInt(done), length }], 1, 0);
        if (read <= 0)
          throw new Error(`process_vm_readv from process ${pid} failed with errno ${koffi.errno()}`);
        done += read;
      }
    },
  };
}

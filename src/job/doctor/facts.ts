/** What one host has and allows, as found on it. */
export interface HostFacts {
  readonly hostname: string;
  readonly versions: { readonly node: string; readonly apts: string; readonly system: string };
  /** Where packets to the others leave; `addresses` are all that others may use. */
  readonly outward: { readonly address: string; readonly interface: string | undefined };
  readonly addresses: readonly string[];
  /** What the names of the job's hosts, and its own, mean here; undefined: nothing. */
  readonly names: Readonly<Record<string, string | undefined>>;
  readonly cores: { readonly cpus: number; readonly quota?: number | undefined; readonly usable: number };
  /** Bytes; `limit` is the control group's. */
  readonly memory: {
    readonly total: number;
    readonly available: number;
    readonly limit?: number | undefined;
  };
  /** Undefined: none. */
  readonly limits: {
    readonly files?: number | undefined;
    readonly processes?: number | undefined;
    readonly fileSize?: number | undefined;
  };
  readonly folders: readonly FolderFacts[];
  /** The longest path of a local socket; undefined where they have none, as on Linux. */
  readonly socketPath?: string | undefined;
  /** Why ranks cannot read each other's memory. */
  readonly memoryNotShared?: string | undefined;
  readonly ptraceScope?: string | undefined;
  readonly seccomp: boolean;
  readonly gpus: readonly string[];
  readonly gpuDriver?: string | undefined;
  readonly compute: ComputeFacts | { readonly error: string };
}

export interface FolderFacts {
  readonly purpose: string;
  readonly path: string;
  readonly free?: number | undefined;
  /** Why nothing can be made there. */
  readonly error?: string | undefined;
}

export interface ComputeFacts {
  readonly backend: string;
  readonly description: string;
  readonly fingerprint: string;
  readonly blas: string | undefined;
  readonly gigaflops: number;
  readonly rejected: readonly string[];
}

/** Whether one host could open a connection to a port of another. */
export interface Reach {
  readonly from: number;
  readonly to: number;
  readonly address: string;
  readonly error?: string | undefined;
}

/** What was measured between two hosts. */
export interface PairFacts {
  readonly from: number;
  readonly to: number;
  readonly roundTripSeconds: number;
  readonly bytesPerSecond: number;
  /** How far the clock of `to` is ahead, in seconds. */
  readonly clockOffset: number;
}

/** What a rank of `apts doctor` reports. */
export type DoctorEvent =
  | { readonly type: "facts"; readonly facts: HostFacts }
  | { readonly type: "reach"; readonly reach: Reach }
  | { readonly type: "pair"; readonly pair: PairFacts }
  | { readonly type: "trouble"; readonly message: string };

/** All that is known of the hosts of a job. */
export interface Examination {
  /** As the user names them. */
  readonly hosts: readonly string[];
  /** By host; undefined where it could not be examined. */
  readonly facts: readonly (HostFacts | undefined)[];
  /** Hosts no rank could be started on, and why. */
  readonly unreached: readonly { readonly host: string; readonly message: string }[];
  readonly reach: readonly Reach[];
  readonly pairs: readonly PairFacts[];
  /** What kept ranks from talking to each other. */
  readonly troubles: readonly { readonly rank: number; readonly message: string }[];
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

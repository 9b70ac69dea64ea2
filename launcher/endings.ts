import { constants } from "node:os";
import { meaningOf, systemErrorNamedIn } from "../src/host/system-errors.js";

/** Who usually sends a signal, and what helps. */
const SENDERS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL:
    "No program can refuse it. A batch system sends it at a limit of time or memory, the kernel when memory runs out (dmesg), a hard limit of CPU time (ulimit -Ht), a person by kill -9.",
  SIGTERM:
    "Something else than this launcher asked it to end: a batch system at its time limit, a service manager, or kill.",
  SIGINT: "Somebody interrupted it (Ctrl-C, kill -INT).",
  SIGHUP: "Its terminal or login session ended: start long jobs with setsid or nohup, or in a batch system.",
  SIGQUIT: "Somebody ended it with Ctrl-\\ (or kill -QUIT).",
  SIGSEGV:
    "It touched memory that is not its own: a fault in a native library. --blas none, --backend wasm or --no-shared-memory show which one.",
  SIGBUS:
    "Memory behind a file is gone: /dev/shm or a disk is full, or a file was cut short while it was in use (df -h).",
  SIGILL:
    "The processor does not know an instruction: a native library is built for another one. --blas none does without; unset OPENBLAS_CORETYPE.",
  SIGFPE: "It divided a whole number by zero: a fault in a native library (--blas none does without).",
  SIGABRT:
    "It ended itself: a library found a condition that must not be, or damaged memory. Its last lines say which.",
  SIGTRAP: "It stopped itself at a condition that must not be, or under a debugger.",
  SIGSYS: "It made a system call that is forbidden here (a container's seccomp profile).",
  SIGXCPU: "It used up its CPU time (ulimit -t, or the batch system's limit).",
  SIGXFSZ: "It wrote a file beyond the limit for one file (ulimit -f).",
  SIGPIPE: "It wrote to a pipe or socket that nobody reads any more.",
  SIGALRM: "A timer of the program rang and nothing was there to hear it.",
  SIGVTALRM: "A timer of CPU time rang and nothing was there to hear it: a profiler?",
  SIGPROF: "A profiler's timer rang and nothing was there to hear it.",
  SIGUSR1: ofLimit("USR1"),
  SIGUSR2: ofLimit("USR2"),
};

function ofLimit(signal: string): string {
  return `A batch system's warning of a limit (--signal), or kill -${signal}, to a program that does not handle it.`;
}

/** What a program's last lines say of its end, where they say it in a known way. */
const LAST_WORDS: readonly { readonly sign: RegExp; readonly meaning: string }[] = [
  {
    sign: /JavaScript heap out of memory/,
    meaning:
      "Node's own heap was full: fewer samples or a smaller network, or NODE_OPTIONS=--max-old-space-size=MEGABYTES.",
  },
  {
    sign: /version `?(GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found/,
    meaning: "A native library is built for a newer system than this host's.",
  },
];

/** The signal that an exit code stands for, as shells count: 128 and its number. */
export function signalOf(code: number | null): NodeJS.Signals | undefined {
  const signals = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return signals.find(([, number]) => code === 128 + number)?.[0];
}

/** Why a process that ended with `code`, or by a signal, may have done so. */
export function whyEnded(
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
  errorOutput: readonly string[],
): string | undefined {
  const text = errorOutput.join("\n");
  const said =
    LAST_WORDS.find(({ sign }) => sign.test(text))?.meaning ?? meaningOf(systemErrorNamedIn(errorOutput));
  if (said) return said;
  if (signal) return SENDERS[signal];
  if (code === 126) {
    return "That is a shell's or env's way to say: a program was found, but may not be executed, or not on this machine.";
  }
  if (code === 127) {
    return "That is a shell's or loader's way to say: a program, or a library it needs, was not found on this host.";
  }
  const told = signalOf(code);
  return told && `That is a shell's way to say: killed by ${told}. ${SENDERS[told] ?? ""}`.trimEnd();
}

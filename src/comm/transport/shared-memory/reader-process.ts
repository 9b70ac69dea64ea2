/** The other side of trial.ts: `node reader-process.js PID OFFER` says why it cannot read that process, or nothing. */
import { loadPeerMemory } from "./peer-memory.js";
import { decodeSpan, Sharing } from "./sharing.js";

const [, , pid, hex] = process.argv;
const offer = Buffer.from(hex!, "hex");
try {
  const memory = await loadPeerMemory();
  const { address, length } = decodeSpan(offer);
  memory.read(Number(pid), address, Buffer.alloc(length));
  const sharing = new Sharing(memory, () => Number(pid));
  if (!sharing.accepts(0, offer)) process.stdout.write("another process answers to that number");
} catch (error) {
  process.stdout.write((error as Error).message);
}

import type { Group } from "./collective.js";
import type { NumericArray } from "../communicator.js";
import { copySegment, segmentLength } from "../channels/segment.js";
import { decodeSignature, encodeSignature, type Dtype } from "./signature.js";
import type { Purpose } from "../membership/waits.js";
import { bytesOf, Kind, newHead, Word } from "../transport/wire.js";

/**
 * Sends `data` under `tag`. A short message is copied and the call returns while the window has room; a longer one
 * travels from where it is, and the call returns when the receiver has read it.
 */
export async function sendMessage(
  group: Group,
  to: number,
  tag: number,
  data: NumericArray,
  dtype: Dtype,
): Promise<void> {
  const { endpoint, context, members } = group;
  const head = newHead(Kind.data, endpoint.job, endpoint.rank, context, tag);
  const signature = {
    operation: "send",
    dtype,
    reduction: "none",
    root: 0,
    count: data.length,
    digest: 0,
  } as const;
  encodeSignature(signature, head, Word.signature);
  const channel = endpoint.channels.outgoing(members[to]!, context, tag);
  channel.send(head, bytesOf(data));
  const what = `send to rank ${members[to]!} (${data.length} ${dtype}, tag ${tag})`;
  await channel.flush(purpose(group, () => what));
}

/** Receives the next message under `tag` into `into`, after the receives already waiting there. */
export async function receiveMessage<T extends NumericArray>(
  group: Group,
  from: number,
  tag: number,
  into: T,
  dtype: Dtype,
): Promise<T> {
  const { endpoint, context, members } = group;
  const source = members[from]!;
  const channel = endpoint.channels.incoming(source, context, tag);
  const wanted = `${into.length} ${dtype}`;
  const waiting = purpose(group, () => `recv from rank ${source} (${wanted}, tag ${tag})`);
  const earlier = channel.turn;
  const receive = async (): Promise<T> => {
    if (earlier !== undefined) await earlier.catch(() => undefined);
    const target = bytesOf(into);
    const read = endpoint.memoryOf(source, waiting);
    let filled = 0;
    do {
      const next = channel.next(waiting);
      const frame = next instanceof Promise ? await next : next;
      const sent = decodeSignature(frame.head, Word.signature);
      if (sent.dtype !== dtype || sent.count !== into.length) {
        throw endpoint.mismatch(
          `Expected a message of ${wanted} from rank ${source} under tag ${tag} on rank ${endpoint.rank}, ` +
            `but rank ${source} sent ${sent.count} ${sent.dtype}.`,
        );
      }
      const at = filled;
      channel.consume(frame, () => {
        copySegment(frame, read, target, at);
      });
      filled += segmentLength(frame);
    } while (filled < target.byteLength);
    return into;
  };
  const turn = receive();
  channel.turn = turn;
  try {
    return await turn;
  } finally {
    if (channel.turn === turn) channel.turn = undefined;
  }
}

function purpose(group: Group, describe: () => string): Purpose {
  return { describe, deadline: performance.now() + group.endpoint.timeoutMs, notice: undefined };
}

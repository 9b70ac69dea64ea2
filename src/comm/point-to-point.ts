import type { Group } from "./call.js";
import { COPIED, SEGMENT, WINDOW } from "./channel.js";
import type { NumericArray } from "./communicator.js";
import type { Purpose } from "./endpoint.js";
import { decodeSignature, encodeSignature, type Dtype, type Signature } from "./signature.js";
import { bytesOf, Kind, newHeader, REPORT_AT_ONCE, Word } from "./wire.js";

/**
 * Sends `data` under `tag`. Up to COPIED bytes it is copied and the call returns while the window has room; larger
 * data travels from where it is, and the call returns when the receiver has read it.
 */
export async function sendMessage(
  group: Group,
  to: number,
  tag: number,
  data: NumericArray,
  dtype: Dtype,
): Promise<void> {
  const { endpoint, context } = group;
  endpoint.throwIfFailed();
  const channel = endpoint.outgoing(group.members[to]!, context, tag);
  const bytes = bytesOf(data);
  const inPlace = bytes.byteLength > COPIED;
  let at = 0;
  do {
    const next = Math.min(at + SEGMENT, bytes.byteLength);
    const header = newHeader(Kind.data, endpoint.job, endpoint.rank, context, tag);
    encodeSignature(pointToPoint(dtype, data.length), header, Word.signature);
    header[Word.size] = bytes.byteLength;
    if (inPlace && next === bytes.byteLength) header[Word.flags] = REPORT_AT_ONCE;
    channel.send(header, bytes.subarray(at, next));
    at = next;
  } while (at < bytes.byteLength);
  const purpose = waitingFor(
    group,
    `send to rank ${group.members[to]!} (${data.length} ${dtype}, tag ${tag})`,
  );
  await channel.flushed(inPlace ? channel.position : channel.position - WINDOW, purpose);
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
  endpoint.throwIfFailed();
  const source = members[from]!;
  const channel = endpoint.incoming(source, context, tag);
  const what = `${into.length} ${dtype}`;
  const purpose = waitingFor(group, `recv from rank ${source} (${what}, tag ${tag})`);
  const earlier = channel.turn;
  const receive = async (): Promise<T> => {
    await earlier?.catch(() => undefined);
    const target = bytesOf(into);
    let filled = 0;
    do {
      const frame = await channel.next(purpose);
      const sent = decodeSignature(frame.header, Word.signature);
      if (sent.dtype !== dtype || sent.count !== into.length) {
        throw endpoint.mismatch(
          `Expected a message of ${what} from rank ${source} under tag ${tag} on rank ${endpoint.rank}, ` +
            `but rank ${source} sent ${sent.count} ${sent.dtype}.`,
        );
      }
      target.set(frame.body, filled);
      filled += frame.body.byteLength;
      channel.release(frame);
    } while (filled < target.byteLength);
    return into;
  };
  const turn = receive();
  channel.turn = turn;
  return turn;
}

function pointToPoint(dtype: Dtype, count: number): Signature {
  return { operation: "send", dtype, reduction: "none", root: 0, count, digest: 0 };
}

function waitingFor(group: Group, description: string): Purpose {
  return {
    describe: () => description,
    deadline: performance.now() + group.endpoint.timeoutMs,
    notice: undefined,
  };
}

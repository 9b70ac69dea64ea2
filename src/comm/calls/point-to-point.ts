import type { Take } from "../channels/incoming.js";
import { copySegment } from "../channels/segment.js";
import { POINT_TO_POINT } from "../account.js";
import type { NumericArray } from "../communicator.js";
import type { Purpose } from "../membership/waits.js";
import { bytesOf, Kind, newHead } from "../transport/wire.js";
import { checkArray, checkRank, checkTag } from "./arguments.js";
import type { Group } from "./group.js";
import { decodeSignature, encodeSignature, signatureOf } from "./signature.js";

/**
 * Sends `data` under `tag`. A short message is copied and the call returns while the window has room; a longer one
 * travels from where it is, and the call returns when the receiver has read it. A rank may compute meanwhile: the wait is
 * on its account where it says so (`CallAccount.within`).
 */
export async function sendMessage(group: Group, to: number, tag: number, data: NumericArray): Promise<void> {
  const { endpoint, context, members, size } = group;
  checkRank("send", "to", to, size);
  checkTag("send", tag);
  const dtype = checkArray("send", "data", data);
  group.checkOpen();
  const head = newHead(Kind.data, endpoint.job, endpoint.rank, context, tag);
  encodeSignature(signatureOf("send", { dtype, count: data.length }), head);
  const channel = endpoint.channels.outgoing(members[to]!, context, tag);
  channel.send(head, bytesOf(data));
  endpoint.account.made(POINT_TO_POINT);
  endpoint.account.sent(POINT_TO_POINT, data.byteLength, true);
  const what = `send to rank ${members[to]!} (${data.length} ${dtype}, tag ${tag})`;
  await channel.flush(purpose(group, () => what));
}

/** Receives the next message under `tag` into `into`, after the receives already waiting there. */
export async function receiveMessage<T extends NumericArray>(
  group: Group,
  from: number,
  tag: number,
  into: T,
): Promise<T> {
  const { endpoint, context, members, size } = group;
  checkRank("recv", "from", from, size);
  checkTag("recv", tag);
  const dtype = checkArray("recv", "into", into);
  group.checkOpen();
  const source = members[from]!;
  const wanted = `${into.length} ${dtype}`;
  const waiting = purpose(group, () => `recv from rank ${source} (${wanted}, tag ${tag})`);
  const target = bytesOf(into);
  const read = endpoint.memoryOf(source, waiting);
  const take: Take = {
    check: ({ head }) => {
      const sent = decodeSignature(head);
      if (sent.dtype === dtype && sent.count === into.length) return;
      throw endpoint.mismatch(
        `Expected a message of ${wanted} from rank ${source} under tag ${tag} on rank ${endpoint.rank}, ` +
          `but rank ${source} sent ${sent.count} ${sent.dtype}.`,
      );
    },
    use: (frame, begin) => {
      copySegment(frame, read, target, begin);
    },
  };
  const channel = endpoint.channels.incoming(source, context, tag);
  endpoint.account.made(POINT_TO_POINT);
  await endpoint.account.within(POINT_TO_POINT, () => channel.receive(waiting, take));
  return into;
}

function purpose(group: Group, describe: () => string): Purpose {
  return { describe, deadline: performance.now() + group.endpoint.timeoutMs, notice: undefined };
}

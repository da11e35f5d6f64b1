/**
 * Different requests that arrive at the same moment: each over a connection of its own, all but the last byte first.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import type { Probe } from './probe.ts';
import { rawRequest } from './raw-post.ts';
import type { SignatureValue } from './signing.ts';

export interface SimultaneousRequest {
  readonly body: string;
  /** Left out: the correct one. */
  readonly signature?: SignatureValue | undefined;
}

/**
 * A connection that has been open for this long before anything is sent, because others could not be opened sooner, may be
 * closed by the receiver as idle. Milliseconds.
 */
const IDLE_AFTER_MS = 200;

interface Prepared {
  readonly connection: RawConnection;
  readonly openSince: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly bytes: Buffer;
}

const prepare = async (
  probe: Probe,
  { body, signature }: SimultaneousRequest,
): Promise<Prepared> => {
  const bytes = Buffer.from(body, 'utf8');
  const headers = [
    ...probe.headersFor(bytes, signature === undefined ? {} : { signature }),
    ['Connection', 'close'],
  ] as const;
  const connection = await probe.connect();
  return {
    connection,
    openSince: probe.wall.now(),
    headers,
    body: bytes,
    bytes: rawRequest(probe, bytes, headers).bytes,
  };
};

/** The reply, over another connection where this one was closed as idle. */
const replyOf = async (
  probe: Probe,
  { connection, bytes, openSince }: Prepared,
  sentAt: number,
): Promise<Reply> => {
  const reply = await connection.reply();
  const isReset = reply.kind === 'none' && reply.cause === 'reset';
  if (!isReset || sentAt - openSince < IDLE_AFTER_MS) return reply;
  const other = await probe.connect();
  try {
    await other.write(bytes);
    return await other.reply();
  } finally {
    other.close();
  }
};

/** @returns one exchange for each request, in the same order */
export const postTogether = async (
  probe: Probe,
  requests: readonly SimultaneousRequest[],
): Promise<readonly Exchange[]> => {
  const prepared = await Promise.all(requests.map((request) => prepare(probe, request)));
  const sentAt = probe.wall.now();
  try {
    await Promise.all(
      prepared.map(({ connection, bytes }) => connection.write(bytes.subarray(0, -1))),
    );
    const replies = prepared.map((one) => {
      void one.connection.write(one.bytes.subarray(-1));
      return replyOf(probe, one, sentAt);
    });
    const manner = `one of ${requests.length} requests whose last bytes were sent at the same time`;
    const answered = await Promise.all(replies);
    return prepared.map(({ headers, body }, place) =>
      probe.keep({ method: 'POST', headers, body, manner }, answered[place]!),
    );
  } finally {
    for (const { connection } of prepared) connection.close();
  }
};

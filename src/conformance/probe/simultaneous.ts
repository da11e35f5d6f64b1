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

interface Prepared {
  readonly connection: RawConnection;
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
  return {
    connection: await probe.connect(),
    headers,
    body: bytes,
    bytes: rawRequest(probe, bytes, headers).bytes,
  };
};

/** @returns one exchange for each request, in the same order */
export const postTogether = async (
  probe: Probe,
  requests: readonly SimultaneousRequest[],
): Promise<readonly Exchange[]> => {
  const prepared = await Promise.all(requests.map((request) => prepare(probe, request)));
  try {
    await Promise.all(
      prepared.map(({ connection, bytes }) => connection.write(bytes.subarray(0, -1))),
    );
    const replies: Promise<Reply>[] = prepared.map(({ connection, bytes }) => {
      void connection.write(bytes.subarray(-1));
      return connection.reply();
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

/**
 * One connection that is kept for the next request, as a provider's HTTP client keeps it; a new one for each request where
 * the receiver falls silent on a connection that is used again.
 *
 * Either side may close a connection between two requests; it is then opened again and the request is sent once more.
 * Bytes that the receiver sends without having been asked are the answer to the next request, as for any client.
 *
 * @module
 */
import type { Exchange, Reply } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import type { Probe } from './probe.ts';
import { rawRequest } from './raw-post.ts';
import type { SignatureValue } from './signing.ts';

export interface KeptConnection {
  /** @param signature left out: the correct one */
  post(body: string, signature?: SignatureValue): Promise<Exchange>;
  close(): void;
}

/** Whether the connection ends with this reply, or is of no more use: what is too long is not read to its end. */
export const saysClose = (reply: Reply): boolean =>
  reply.kind === 'none' ||
  reply.totalBytes !== undefined ||
  reply.headers.some(
    ([name, value]) => name.toLowerCase() === 'connection' && /close/i.test(value),
  );

export const keepConnection = (probe: Probe): KeptConnection => {
  let connection: RawConnection | null = null;
  let served = 0;

  const close = (): void => {
    connection?.close();
    connection = null;
    served = 0;
  };

  const exchange = async (bytes: Buffer): Promise<Reply> => {
    connection ??= await probe.connect();
    await connection.write(bytes);
    return connection.reply();
  };

  return {
    close,
    post: async (body, signature) => {
      const payload = Buffer.from(body, 'utf8');
      const headers = probe.headersFor(payload, signature === undefined ? {} : { signature });
      const { bytes } = rawRequest(probe, payload, headers);
      let reply = await exchange(bytes);
      if (served > 0 && reply.kind === 'none' && reply.cause === 'reset') {
        close();
        reply = await exchange(bytes);
      }
      served += 1;
      const manner = served === 1 ? null : `request ${served} over the same connection`;
      if (saysClose(reply) || probe.memory.usesConnectionsOnce) close();
      return probe.keep({ method: 'POST', headers, body: payload, manner }, reply);
    },
  };
};

/**
 * One request over its own connection, with unmodified headers.
 *
 * @module
 */
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import type { Probe } from './probe.ts';
import { rawHead } from '../net/raw-socket.ts';

/**
 * Post with these headers, in this case and order; each character of a value is one byte.
 *
 * @param manner how it differs from what an HTTP client sends; null if curl can send the same
 */
export const postRaw = async (
  probe: Probe,
  body: string,
  headers: HeaderPairs,
  manner: string | null,
): Promise<Exchange> => {
  const bytes = Buffer.from(body, 'utf8');
  const head = rawHead('POST', probe.url, [
    ...headers,
    ['Content-Length', String(bytes.length)],
    ['Connection', 'close'],
  ]);
  const connection = await probe.connect();
  try {
    await connection.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
    const reply = await connection.reply();
    return probe.keep({ method: 'POST', headers, body: bytes, manner }, reply);
  } finally {
    connection.close();
  }
};

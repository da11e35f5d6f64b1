/**
 * One request over its own connection, with unmodified headers.
 *
 * @module
 */
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import type { Probe } from './probe.ts';
import { rawHead } from '../net/raw-socket.ts';

/** A POST as bytes: its head, which states the length of the body, and the body. */
export const rawRequest = (
  { url }: Pick<Probe, 'url'>,
  body: Uint8Array,
  headers: HeaderPairs,
): { readonly head: Buffer; readonly bytes: Buffer } => {
  const length = ['Content-Length', String(body.length)] as const;
  const head = Buffer.from(rawHead('POST', url, [...headers, length]), 'latin1');
  return { head, bytes: Buffer.concat([head, body]) };
};

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
  const connection = await probe.connect();
  try {
    await connection.write(rawRequest(probe, bytes, [...headers, ['Connection', 'close']]).bytes);
    const reply = await connection.reply();
    return probe.keep({ method: 'POST', headers, body: bytes, manner }, reply);
  } finally {
    connection.close();
  }
};

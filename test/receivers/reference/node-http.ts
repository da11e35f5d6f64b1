/**
 * Nothing but Node. Answers 204 and closes every connection.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

const MAX_BYTES = 5_000_000;

const read = async (request: IncomingMessage): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const parse = (body: Buffer): Event | null => {
  try {
    const event = JSON.parse(body.toString()) as Partial<Event> | null;
    return typeof event?.id === 'string' && typeof event.data === 'object' && event.data !== null
      ? (event as Event)
      : null;
  } catch {
    return null;
  }
};

export const build: Build = (secret, store) => {
  const answer = async (request: IncomingMessage): Promise<number> => {
    if (request.url !== PATH) return 404;
    if (request.method !== 'POST') return 405;
    const body = await read(request);
    if (body === null) return 413;
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${hmac}`);
    const given = Buffer.from(String(request.headers['x-sendemall-signature'] ?? ''));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 401;
    const event = parse(body);
    if (event === null) return 400;
    await store.process(event);
    return 204;
  };

  return (request, response) => {
    response.setHeader('Connection', 'close');
    answer(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(500).end(),
    );
  };
};

/**
 * What every pattern needs: takes webhooks, verifies the signature over the raw bytes, and answers. 200 says that the
 * event is in good hands; anything else makes the provider try again, after 30 seconds, 5 and 30 minutes.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, any>>;
}

const PATH = '/webhooks/sendemall';
const MOST_BYTES = 1_000_000;

/** A setting from the environment. */
export const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set ${name} in the environment.`);
  return value;
};

/** Sends JSON. Fails when nothing or no 2xx is answered, so that nobody takes the work for done. */
export const send = async (
  method: string,
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    // Less than the ten seconds that the provider waits for us.
    signal: AbortSignal.timeout(8000),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}`);
};

const isSigned = (body: Buffer, header: string | undefined): boolean => {
  const hmac = createHmac('sha256', setting('WEBHOOK_SECRET')).update(body).digest('hex');
  const expected = Buffer.from(`sha256=${hmac}`);
  const given = Buffer.from(header ?? '');
  // timingSafeEqual throws when the lengths differ.
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const readBody = async (request: IncomingMessage): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const parse = (body: Buffer): Event | null => {
  try {
    const event = JSON.parse(body.toString()) as Partial<Event> | null;
    const fits = typeof event?.id === 'string' && typeof event.data === 'object';
    return fits && event.data !== null ? (event as Event) : null;
  } catch {
    return null;
  }
};

/** Answers 200 when `handle` is through with the event, and 503 when it fails. */
export const serve = async (handle: (event: Event) => void | Promise<void>): Promise<void> => {
  const statusFor = async (request: IncomingMessage): Promise<number> => {
    if (request.url !== PATH) return 404;
    if (request.method !== 'POST') return 405;
    const body = await readBody(request);
    if (body === null) return 413;
    const signature = request.headers['x-sendemall-signature'];
    if (!isSigned(body, typeof signature === 'string' ? signature : undefined)) return 401;
    const event = parse(body);
    if (event === null) return 400;
    try {
      await handle(event);
      return 200;
    } catch (error) {
      console.error(`${event.id} failed: ${String(error)}`);
      return 503;
    }
  };
  const server = createServer((request, response) => {
    statusFor(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(Number(process.env['PORT'] ?? '3000'), '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
  // It ends with whoever started it.
  process.stdin.resume().on('end', () => process.exit());
};

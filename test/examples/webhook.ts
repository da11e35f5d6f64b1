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
const MAX_BYTES = 1_000_000;

/** Ends the program with a message on standard error. */
export const exit = (message: string): never => {
  console.error(message);
  process.exit(1);
};

/** Read a setting from the environment; without it and without a fallback, exit. Read all settings at the start. */
export const setting = (name: string, fallback?: string): string => {
  const value = process.env[name] || fallback;
  return value ?? exit(`${name} is not set. Set it in the environment.`);
};

/** Sends JSON. Fails without a 2xx response, so that the work does not count as done. */
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

const isSigned = (secret: string, body: Buffer, header: string | undefined): boolean => {
  const hmac = createHmac('sha256', secret).update(body).digest('hex');
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
    if (size > MAX_BYTES) return null;
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

/** The port to listen on; 0 takes a free one. */
const portOf = (text: string): number => {
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535
    ? port
    : exit(`PORT is "${text}". Set it to a number from 0 to 65535.`);
};

/**
 * Answer 200 when `handle` is through with the event, and 503 when it fails. SIGTERM and Ctrl-C let requests in progress
 * finish.
 *
 * Settings: WEBHOOK_SECRET; PORT (3000); HOST (127.0.0.1; in a container 0.0.0.0).
 */
export const serve = async (handle: (event: Event) => void | Promise<void>): Promise<void> => {
  const secret = setting('WEBHOOK_SECRET');
  const port = portOf(setting('PORT', '3000'));
  const host = setting('HOST', '127.0.0.1');
  const statusFor = async (request: IncomingMessage): Promise<number> => {
    if (request.url !== PATH) return 404;
    if (request.method !== 'POST') return 405;
    const body = await readBody(request);
    if (body === null) return 413;
    const signature = request.headers['x-sendemall-signature'];
    if (!isSigned(secret, body, typeof signature === 'string' ? signature : undefined)) return 401;
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
  server.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    exit(
      code === 'EADDRINUSE'
        ? `Port ${port} on ${host} is in use. Stop what uses it, or set PORT to another.`
        : `Cannot listen on ${host}:${port}: ${message}. Check HOST and PORT.`,
    ),
  );
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  console.log(`Listening on http://${host}:${bound}${PATH}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => server.close(() => process.exit()));
  }
};

/**
 * An example receiver for the compose file: checks the signature over the raw body, handles every
 * event once, answers at once. Nothing but Node.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const PORT = Number(process.env.PORT ?? 3000);
const PATH = '/webhooks/sendemall';
const MOST_BYTES = 5_000_000;
const secret = process.env.SENDEMALL_MOCK_SECRET;

/** Ids of events that were handled. A real receiver keeps them where a restart does not lose them. */
const handled = new Set();

const read = async (request) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const isSigned = (body, header) => {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const parse = (body) => {
  try {
    const event = JSON.parse(body.toString());
    return typeof event?.id === 'string' ? event : null;
  } catch {
    return null;
  }
};

const answer = async (request) => {
  if (request.url === '/healthz') return 204;
  if (request.url !== PATH) return 404;
  if (request.method !== 'POST') return 405;
  const body = await read(request);
  if (body === null) return 413;
  if (!isSigned(body, request.headers['x-sendemall-signature'])) return 401;
  const event = parse(body);
  if (event === null) return 400;
  if (!handled.has(event.id)) {
    handled.add(event.id);
    console.log(`${event.event} ${event.id}`);
  }
  return 204;
};

if (process.argv[2] === '--check') {
  const response = await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => null);
  process.exit(response?.ok ? 0 : 1);
}
if (!secret) {
  console.error('SENDEMALL_MOCK_SECRET is missing: give the signing secret.');
  process.exit(2);
}
const server = createServer((request, response) => {
  answer(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(500).end(),
  );
});
server.listen(PORT, () => console.log(`Listens on ${PORT}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

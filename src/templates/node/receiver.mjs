/**
 * Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (3000); HOST (127.0.0.1).
 *
 * @module
 */
import { createServer } from 'node:http';
import { hasTestHooks, MAX_BYTES, openInbox } from './webhook-inbox.mjs';

/** Your work. */
const handleEvent = async (event) => {
  console.log(`${event.event} ${event.data?.lead_email ?? ''}`);
};

const inbox = openInbox(handleEvent);

/** The raw body; what is beyond the limit is read and dropped, so that the response arrives. */
const readBody = async (request) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BYTES + 1) chunks.push(chunk);
  }
  return size > MAX_BYTES ? Buffer.alloc(MAX_BYTES + 1) : Buffer.concat(chunks);
};

const respond = async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/webhooks/sendemall') {
    if (request.method !== 'POST') return response.writeHead(405, { Allow: 'POST' }).end();
    const body = await readBody(request);
    return response.writeHead(inbox.accept(body, request.headers['x-sendemall-signature'])).end();
  }
  if (hasTestHooks && pathname.startsWith('/test/effects/')) {
    const id = decodeURIComponent(pathname.slice('/test/effects/'.length));
    response.setHeader('Content-Type', 'application/json');
    return response.end(JSON.stringify({ count: inbox.effects(id) }));
  }
  return response.writeHead(404).end();
};

createServer((request, response) => {
  respond(request, response).catch(() => response.writeHead(500).end());
}).listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1');

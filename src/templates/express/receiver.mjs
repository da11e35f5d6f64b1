/**
 * Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (3000); HOST (127.0.0.1).
 *
 * @module
 */
import express from 'express';
import { hasTestHooks, MAX_BYTES, openInbox } from './webhook-inbox.mjs';

/** Your work. */
const handleEvent = async (event) => {
  console.log(`${event.event} ${event.data?.lead_email ?? ''}`);
};

const inbox = openInbox(handleEvent);
const app = express();
app.disable('x-powered-by');

// The raw bytes, whatever the content type says: a parsed body cannot be verified.
const raw = express.raw({ type: () => true, limit: MAX_BYTES });

app.post('/webhooks/sendemall', raw, (request, response) => {
  // Without a body, express.raw leaves none.
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  response.status(inbox.accept(body, request.get('X-SendEmAll-Signature'))).end();
});

if (hasTestHooks) {
  app.get('/test/effects/:id', (request, response) => {
    response.json({ count: inbox.effects(request.params.id) });
  });
}

// Express would answer with the stack.
app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).end();
});

app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1');

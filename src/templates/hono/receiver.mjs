/**
 * Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (3000); HOST (127.0.0.1).
 *
 * @module
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { hasTestHooks, MAX_BYTES, openInbox } from './webhook-inbox.mjs';

/** Your work. */
const handleEvent = async (event) => {
  console.log(`${event.event} ${event.data?.lead_email ?? ''}`);
};

const inbox = openInbox(handleEvent);
const app = new Hono();

app.post('/webhooks/sendemall', bodyLimit({ maxSize: MAX_BYTES }), async (context) => {
  const body = Buffer.from(await context.req.arrayBuffer());
  return context.body(null, inbox.accept(body, context.req.header('X-SendEmAll-Signature')));
});

if (hasTestHooks) {
  app.get('/test/effects/:id', (context) =>
    context.json({ count: inbox.effects(context.req.param('id')) }),
  );
}

app.onError((_error, context) => context.body(null, 500));

serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000),
  hostname: process.env.HOST ?? '127.0.0.1',
});

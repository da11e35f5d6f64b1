/**
 * Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (3000); HOST (127.0.0.1).
 *
 * @module
 */
import fastify from 'fastify';
import { hasTestHooks, MAX_BYTES, openInbox } from './webhook-inbox.mjs';

/** Your work. */
const handleEvent = async (event) => {
  console.log(`${event.event} ${event.data?.lead_email ?? ''}`);
};

const inbox = openInbox(handleEvent);
const app = fastify({ bodyLimit: MAX_BYTES });

await app.register(async (webhooks) => {
  // The raw bytes, whatever the content type says: a parsed body cannot be verified.
  webhooks.removeAllContentTypeParsers();
  webhooks.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  webhooks.post('/webhooks/sendemall', (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return reply.code(inbox.accept(body, request.headers['x-sendemall-signature'])).send();
  });
});

if (hasTestHooks) {
  app.get('/test/effects/:id', (request) => ({ count: inbox.effects(request.params.id) }));
}

await app.listen({
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
});

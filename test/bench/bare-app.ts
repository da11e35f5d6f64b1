/**
 * A bare Hono server: the baseline of the request and cold start benchmarks.
 * `GET /v1/webhooks` and `POST /v1/webhooks` return the same bodies as the sandbox, from constants.
 *
 * @module
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const webhook = {
  id: 'whk_01J00000000000000000000000',
  url: 'http://127.0.0.1:9/webhooks/sendemall',
  events: ['email.replied', 'email.bounced', 'email.opened', 'email.unsubscribed'],
  status: 'active',
  created_at: '2026-04-06T12:00:00Z',
};
const meta = { request_id: 'req_01J00000000000000000000000', timestamp: '2026-04-06T12:00:00Z' };

const app = new Hono()
  .get('/livez', (c) => c.json({ status: 'ok' }))
  .get('/v1/webhooks', (c) =>
    c.json({ success: true, data: [webhook], meta: { ...meta, next_cursor: null } }),
  )
  .post('/v1/webhooks', async (c) => {
    await c.req.json();
    return c.json({ success: true, data: webhook, meta }, 201);
  });

serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 0) },
  ({ port }) => {
    process.send?.(port);
  },
);

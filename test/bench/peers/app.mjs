/**
 * What the peers have in common: a route that validates one event and queues it, and a worker that signs and sends it. The
 * queue is what differs. Copied to where the packages are installed, and run there.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Agent } from 'undici';
import { z } from 'zod';

/** Deliveries in flight, as in our engine. */
export const CONCURRENCY = 64;
/** As the provider does: four attempts. */
export const ATTEMPTS = 4;

const Event = z.object({
  event: z.string(),
  id: z.string(),
  data: z.object({
    campaign_id: z.string(),
    campaign_name: z.string(),
    lead_id: z.string(),
    lead_email: z.email(),
    lead_name: z.string(),
    lead_company: z.string(),
    sequence_step: z.int(),
    reply_sentiment: z.enum(['positive', 'negative', 'neutral', 'out_of_office']),
    reply_preview: z.string(),
    thread_id: z.string(),
  }),
});

const secret = process.env.SECRET;
const target = new URL(process.env.RECEIVER);
const agent = new Agent({ connections: CONCURRENCY, headersTimeout: 10_000, bodyTimeout: 10_000 });

/** Signs and sends one event. @throws unless the receiver answers 2xx, so that the queue tries again */
export const deliver = async (event) => {
  const body = JSON.stringify({ ...event, timestamp: new Date().toISOString() });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const response = await agent.request({
    origin: target.origin,
    path: target.pathname,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-sendemall-signature': `sha256=${signature}`,
    },
    body,
  });
  await response.body.dump();
  if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
};

/** Serves `POST /events`. @param enqueue resolves once the event is stored */
export const listen = (enqueue) => {
  const app = new Hono().post('/events', async (c) => {
    const event = Event.parse(await c.req.json());
    await enqueue(event);
    return c.json({ accepted: true }, 202);
  });
  serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
    process.send({ url: `http://127.0.0.1:${port}/events` });
  });
  process.on('disconnect', () => process.exit());
};

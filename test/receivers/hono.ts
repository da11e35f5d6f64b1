/**
 * Hono on Node.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { PATH, running, type RunningReceiver } from './receiver.ts';

export const start = async (secret: string): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const app = new Hono().post(PATH, async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer());
    const expected = Buffer.from(
      `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    );
    const given = Buffer.from(c.req.header('x-sendemall-signature') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return c.json({ error: 'Invalid signature' }, 401);
    }
    processed.push((JSON.parse(body.toString()) as { id: string }).id);
    return c.body(null, 202);
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  if (!server.listening) await once(server, 'listening');
  return running(server, processed);
};
